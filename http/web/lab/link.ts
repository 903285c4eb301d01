// A run as the fragment of an address: scenario, seed, settings and edits. A scenario of one's own is
// in it as text.
import type { Spec } from "../shared/types";

export interface Place {
  name: string;
  seed: number;
  settings: [string, string][];
  edits: string[];
  /// Of a scenario that is not in the catalogue.
  text: string | null;
}

export function fragmentOf(spec: Spec, isOwn: boolean): string {
  const query = new URLSearchParams();
  query.set("s", spec.name);
  query.set("seed", String(spec.seed));
  for (const [key, value] of spec.settings) query.append("set", `${key}=${value}`);
  for (const edit of spec.edits) query.append("edit", edit);
  if (isOwn) query.set("text", spec.text);
  return query.toString();
}

const kEdit =
  /^(lose|delay|duplicate) (client|server) packet \d{1,7}( (by|after) \d{1,9}(\.\d{1,3})?(us|ms|s))?$/;

/// What a fragment names; what is not of its form is left out.
export function placeOf(fragment: string): Place | null {
  const query = new URLSearchParams(fragment.replace(/^#/, ""));
  const name = query.get("s");
  if (!name || !/^[\w-]{1,60}$/.test(name)) return null;
  const seed = Number(query.get("seed") ?? "0");
  return {
    name,
    seed: Number.isSafeInteger(seed) && seed >= 0 ? seed : 0,
    settings: query
      .getAll("set")
      .map((one) => one.split("=", 2))
      .filter((pair): pair is [string, string] => pair.length === 2 && /^[\w.]{1,60}$/.test(pair[0]!)),
    edits: query.getAll("edit").filter((edit) => kEdit.test(edit)),
    text: query.get("text"),
  };
}
