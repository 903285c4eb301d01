// Figure 5 with both paths, as a picture that needs no page.
import { kBoxHeight, kBoxWidth, kPlaces, drawnArrows, pathBetween } from "../shared/figure5";
import type { History } from "../shared/history";
import { textIn } from "../shared/texts";
import type { Language, Side } from "../shared/types";
import { escaped, kInk, kRule, svgOf } from "./svg";

const kColours = ["#1d55c4", "#8a4b00"] as const;
const kTop = 50;

export function statesSvg(
  history: History,
  connection: number,
  index: number,
  title: string,
  spoken: Language,
): string {
  const paths = ([0, 1] as Side[]).map((side) => history.pathOf(side, connection, index));
  const body = [
    `<defs>${[kRule, ...kColours].map(tip).join("")}</defs>`,
    ...drawnArrows().map(([from, to]) => arrow(from, to, kRule, 1.2, "")),
  ];
  paths.forEach((path, side) => {
    path.slice(1).forEach((to, i) => {
      const from = path[i]!;
      if (kPlaces[from] && kPlaces[to])
        body.push(arrow(from, to, kColours[side]!, 3, side === 1 ? "6 4" : ""));
    });
  });
  for (const [state, [x, y]] of Object.entries(kPlaces)) {
    const here = paths.map((path) => path.at(-1) === state);
    const colour = here[0] ? kColours[0] : here[1] ? kColours[1] : kRule;
    body.push(
      `<rect x="${x - kBoxWidth / 2}" y="${y - kBoxHeight / 2}" width="${kBoxWidth}" height="${kBoxHeight}" rx="7" fill="#fff" stroke="${colour}" stroke-width="${here[0] || here[1] ? 3 : 1.2}"/>`,
      `<text x="${x}" y="${y + 4}" class="m" text-anchor="middle"${here[0] || here[1] ? ' font-weight="700"' : ""}>${state}</text>`,
    );
  }
  const legend = ([0, 1] as Side[]).map((side) => {
    const text = `${textIn(spoken, side === 0 ? "client" : "server")}: ${paths[side]!.join(" → ")}`;
    const y = kTop + 400 + side * 24;
    return `<path d="M24 ${y - 4}h34" stroke="${kColours[side]}" stroke-width="3"${side === 1 ? ' stroke-dasharray="6 4"' : ""}/><text x="68" y="${y}" style="font-size:12px" fill="${kInk}">${escaped(text)}</text>`;
  });
  const drawing = `<g transform="translate(140 ${kTop})">${body.join("")}</g>`;
  return svgOf({ title, width: 720, height: kTop + 450, spoken, body: [drawing, ...legend] });
}

function tip(colour: string): string {
  return `<marker id="t${colour.slice(1)}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto" markerUnits="userSpaceOnUse"><path d="M0 0.5 L8 4 L0 7.5 Z" fill="${colour}"/></marker>`;
}

function arrow(from: string, to: string, colour: string, width: number, dash: string): string {
  return `<path d="${pathBetween(from, to)}" fill="none" stroke="${colour}" stroke-width="${width}"${dash ? ` stroke-dasharray="${dash}"` : ""} marker-end="url(#t${colour.slice(1)})"/>`;
}
