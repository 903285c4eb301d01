// A graph of values over time, as a picture that needs no page.
import { numberText } from "../shared/format";
import { kFigures, type Figure, type Kind, type Line } from "../shared/graphs";
import type { History } from "../shared/history";
import { classNamed } from "../shared/tables";
import { textIn } from "../shared/texts";
import type { Language, Side } from "../shared/types";
import { escaped, kRule, svgOf } from "./svg";

const kWidth = 840;
const kHeight = 480;
const kBox = { left: 90, right: 816, top: 60, bottom: 400 };

export interface Wanted {
  name: Kind;
  side: Side;
  connection: number;
}

export function graphSvg(history: History, wanted: Wanted, title: string, spoken: Language): string {
  const figure = kFigures[wanted.name](history, wanted.side, wanted.connection);
  const times = figure.data[0] as number[];
  const values = figure.data.slice(1);
  const most = Math.max(1, ...values.map((all) => all.reduce<number>((a, b) => Math.max(a, b ?? 0), 0)));
  const [x, y] = [
    scale(times[0] ?? 0, times.at(-1) ?? 1, kBox.left, kBox.right),
    scale(0, most, kBox.bottom, kBox.top),
  ];
  const body = [
    ...axis(times[0] ?? 0, times.at(-1) ?? 1, (at) => {
      const text = `${Number(at.toFixed(4))} s`;
      return `<path d="M${x(at)} ${kBox.top}V${kBox.bottom}" stroke="${kRule}" stroke-width="0.6"/><text x="${x(at)}" y="${kBox.bottom + 18}" class="soft" text-anchor="middle">${text}</text>`;
    }),
    ...axis(0, most, (at) => {
      return `<path d="M${kBox.left} ${y(at)}H${kBox.right}" stroke="${kRule}" stroke-width="0.6"/><text x="${kBox.left - 8}" y="${y(at) + 4}" class="soft" text-anchor="end">${numberText(Number(at.toFixed(3)))}</text>`;
    }),
    ...figure.lines.map((line, i) => drawn(line, times, values[i]!, x, y)),
    ...legendOf(figure),
    `<text x="${kBox.right}" y="30" text-anchor="end" class="soft">${escaped(`${textIn(spoken, "graphSide")}: ${textIn(spoken, wanted.side === 0 ? "client" : "server")}`)}</text>`,
  ];
  return svgOf({ title, width: kWidth, height: kHeight, spoken, body });
}

function scale(from: number, to: number, a: number, b: number): (value: number) => number {
  const span = to > from ? to - from : 1;
  return (value) => Math.round((a + ((value - from) / span) * (b - a)) * 10) / 10;
}

/// Some five round values between two.
export function ticks(from: number, to: number): number[] {
  const span = to - from;
  if (!(span > 0)) return [from];
  const rough = span / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? rough;
  const all: number[] = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; ++i) all.push(i * step + 0);
  return all;
}

function axis(from: number, to: number, draw: (at: number) => string): string[] {
  return ticks(from, to).map(draw);
}

/// Classes have their colour in a table; "--c-data" names one.
function colourOf(line: Line): string {
  return classNamed(line.colour.replace("--c-", "")).light;
}

function drawn(
  line: Line,
  times: number[],
  values: (number | null)[],
  x: (at: number) => number,
  y: (value: number) => number,
): string {
  const known = times
    .map((at, i) => [at, values[i]] as const)
    .filter((one): one is [number, number] => typeof one[1] === "number");
  const colour = colourOf(line);
  if (line.isPoints)
    return known
      .map(([at, value]) => `<circle cx="${x(at)}" cy="${y(value)}" r="3" fill="${colour}"/>`)
      .join("");
  // Steps: a value holds until the next.
  const path = known
    .map(([at, value], i) => (i === 0 ? `M${x(at)} ${y(value)}` : `H${x(at)}V${y(value)}`))
    .join("");
  const dash = line.dash ? ` stroke-dasharray="${line.dash.join(" ")}"` : "";
  return path ? `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>` : "";
}

function legendOf(figure: Figure): string[] {
  return figure.lines.map((line, i) => {
    const at = kBox.left + i * 180;
    const y = kBox.bottom + 54;
    const dash = line.dash ? ` stroke-dasharray="${line.dash.join(" ")}"` : "";
    const sign = line.isPoints
      ? `<circle cx="${at + 15}" cy="${y - 4}" r="4" fill="${colourOf(line)}"/>`
      : `<path d="M${at} ${y - 4}h30" stroke="${colourOf(line)}" stroke-width="2"${dash}/>`;
    return `${sign}<text x="${at + 38}" y="${y}">${escaped(line.name)}</text>`;
  });
}
