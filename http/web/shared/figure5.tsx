// RFC 9293's Figure 5: the eleven states and their arrows, with where each end is and how it came
// there. The client's path is solid, the server's dashed, so that colour says nothing alone.
import { tables } from "./tables";
import { useTexts } from "./texts";
import type { Step } from "./focus";
import type { Side } from "./types";

export const kBoxWidth = 104;
export const kBoxHeight = 26;

/// Middles of the boxes, laid out as in the RFC.
export const kPlaces: Record<string, [number, number]> = {
  CLOSED: [220, 26],
  LISTEN: [220, 84],
  "SYN-RECEIVED": [84, 136],
  "SYN-SENT": [356, 136],
  ESTABLISHED: [220, 188],
  "FIN-WAIT-1": [84, 244],
  "CLOSE-WAIT": [356, 244],
  "FIN-WAIT-2": [84, 310],
  CLOSING: [220, 276],
  "LAST-ACK": [356, 310],
  "TIME-WAIT": [220, 346],
};

/// Where a straight line between two boxes leaves the first one.
function border(from: [number, number], to: [number, number], gap: number): [number, number] {
  const dx = to[0] - from[0];
  const dy = to[1] - from[1];
  const scale = Math.min(
    dx === 0 ? Infinity : (kBoxWidth / 2 + gap) / Math.abs(dx),
    dy === 0 ? Infinity : (kBoxHeight / 2 + gap) / Math.abs(dy),
  );
  return [from[0] + dx * scale, from[1] + dy * scale];
}

/// The arrows that are drawn: those to CLOSED from everywhere would hide the others.
function isDrawn(from: string, to: string): boolean {
  if (to === "CLOSED") return ["LAST-ACK", "TIME-WAIT", "SYN-SENT"].includes(from);
  return from !== "LISTEN" || to !== "SYN-SENT";
}

/// Where not all was seen, a state may follow another one that no arrow leads from.
function isArrow(from: string, to: string): boolean {
  for (let i = 0; i + 1 < tables.arrows.length; i += 2) {
    if (tables.arrows[i] === from && tables.arrows[i + 1] === to) return true;
  }
  return false;
}

export function drawnArrows(): [string, string][] {
  const arrows: [string, string][] = [];
  for (let i = 0; i + 1 < tables.arrows.length; i += 2) {
    const [from, to] = [tables.arrows[i]!, tables.arrows[i + 1]!];
    if (isDrawn(from, to)) arrows.push([from, to]);
  }
  return arrows;
}

export function pathBetween(from: string, to: string): string {
  const a = kPlaces[from]!;
  const b = kPlaces[to]!;
  if (to === "CLOSED" && from === "LAST-ACK")
    return `M${a[0] + kBoxWidth / 2} ${a[1]} H432 V26 H${b[0] + kBoxWidth / 2 + 4}`;
  if (to === "CLOSED" && from === "TIME-WAIT")
    return `M${a[0] - kBoxWidth / 2} ${a[1]} H8 V26 H${b[0] - kBoxWidth / 2 - 4}`;
  const [x1, y1] = border(a, b, 0);
  const [x2, y2] = border(b, a, 4);
  return `M${x1} ${y1} L${x2} ${y2}`;
}

interface Props {
  paths: [string[], string[]];
  label: string;
  /// By side: an arrow that is to be lit more than the others.
  lit?: [Step | null, Step | null];
  /// A state that was visited is chosen.
  onState?: (state: string) => void;
}

export function Figure5({ paths, label, lit, onState }: Props) {
  const t = useTexts();
  const now = paths.map((path) => path.at(-1));
  return (
    <svg class="figure5" viewBox="0 0 440 368" role="img" aria-label={label}>
      <defs>
        {["tip", "tip-0", "tip-1"].map((id) => (
          <marker
            id={id}
            key={id}
            class={id}
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
            markerUnits="userSpaceOnUse"
          >
            <path d="M0 0.5 L8 4 L0 7.5 Z" />
          </marker>
        ))}
      </defs>
      {drawnArrows().map(([from, to]) => (
        <path key={from + to} class="edge" d={pathBetween(from, to)} marker-end="url(#tip)" />
      ))}
      {paths.map((path, side) =>
        path.slice(1).map((to, i) => {
          const from = path[i]!;
          if (!kPlaces[from] || !kPlaces[to] || !isArrow(from, to)) return null;
          const isPicked = lit?.[side]?.from === from && lit[side].to === to;
          return (
            <path
              key={`${side}${i}`}
              class={`edge lit side-${side}${isPicked ? " picked" : ""}`}
              d={pathBetween(from, to)}
              marker-end={`url(#tip-${side})`}
            />
          );
        }),
      )}
      {Object.entries(kPlaces).map(([state, [x, y]]) => {
        const here = ([0, 1] as Side[]).filter((side) => now[side] === state);
        const visited = paths.some((path) => path.includes(state));
        return (
          <g
            key={state}
            class={`state${visited ? " visited" : ""}${here.map((side) => ` here-${side}`).join("")}`}
            onClick={visited && onState ? () => onState(state) : undefined}
          >
            <rect x={x - kBoxWidth / 2} y={y - kBoxHeight / 2} width={kBoxWidth} height={kBoxHeight} rx={7} />
            <text x={x} y={y} dy="0.35em" text-anchor="middle">
              {state}
            </text>
            {here.map((side) => (
              <g
                key={side}
                class={`token side-${side}`}
                transform={`translate(${x + (side === 0 ? -1 : 1) * (kBoxWidth / 2)} ${y - kBoxHeight / 2})`}
              >
                {side === 0 ? <circle r={8.5} /> : <rect x={-8} y={-8} width={16} height={16} rx={3} />}
                <text text-anchor="middle" dy="0.36em">
                  {t(side === 0 ? "client" : "server")[0]!.toUpperCase()}
                </text>
              </g>
            ))}
          </g>
        );
      })}
    </svg>
  );
}
