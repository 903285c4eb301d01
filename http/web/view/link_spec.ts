// The simulated link as --impair has it: "in:loss=1%,out:delay=20ms". What the page does not know
// (burst, drop, corrupt) stays as it is.
export type Direction = "in" | "out";
export const kDirections: Direction[] = ["in", "out"];

/// The effects of one direction, in order.
export function effectsOf(spec: string): [string, string][] {
  return spec
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one.includes("="))
    .map((one) => {
      const at = one.indexOf("=");
      return [one.slice(0, at), one.slice(at + 1)];
    });
}

export function effectOf(spec: string, name: string): string {
  return effectsOf(spec).find(([one]) => one === name)?.[1] ?? "";
}

/// `value` empty: without this effect.
export function withEffect(spec: string, name: string, value: string): string {
  const effects = effectsOf(spec).filter(([one]) => one !== name);
  if (value !== "") effects.push([name, value]);
  return effects.map((pair) => pair.join("=")).join(",");
}

/// Both directions in one SPEC.
export function wholeSpec(link: Record<Direction, string>): string {
  return kDirections
    .flatMap((direction) => effectsOf(link[direction]).map((pair) => `${direction}:${pair.join("=")}`))
    .join(",");
}
