// The ladder as one SVG that needs no page: for documents and print, on white.
import { timeText } from "../shared/format";
import { isMarked } from "../shared/marked";
import type { History } from "../shared/history";
import { layOut } from "../shared/ladder_layout";
import { classNamed, tables } from "../shared/tables";
import { textIn } from "../shared/texts";
import type { Language, Row } from "../shared/types";
import { escaped, kInk, kRule, svgOf } from "./svg";

const kLeft = 150;
const kRight = 690;
const kWidth = 840;
const kTop = 70;

export function ladderSvg(history: History, title: string, spoken: Language): string {
  const layout = layOut(history, false);
  const body: string[] = [];
  for (const row of history.rows) {
    if (row.kind === 0) drawPacket(body, history, layout, row);
    else drawText(body, row, kTop + layout.from[row.i]!);
  }
  for (const { y, ns } of layout.pauses) {
    const text = textIn(spoken, "paused", { time: timeText(ns) });
    body.push(
      `<text x="${(kLeft + kRight) / 2}" y="${kTop + y + 24}" class="soft" text-anchor="middle">${escaped(text)}</text>`,
    );
  }
  const height = Math.round(kTop + layout.height + 30);
  const used = tables.classes.filter(({ key }) => history.rows.some((row) => row.class === key));
  const legend = used.map(
    (look, i) =>
      `<text x="${24 + i * 130}" y="${height - 14}" fill="${look.light}">${look.mark} <tspan fill="${kInk}">${escaped(look[spoken])}</tspan></text>`,
  );
  const heads = ([kLeft, kRight] as const).map(
    (x, side) =>
      `<text x="${x}" y="${kTop - 12}" class="b" text-anchor="middle">${textIn(spoken, side === 0 ? "client" : "server")}</text>`,
  );
  const lines = `<path d="M${kLeft} ${kTop}V${height - 44}M${kRight} ${kTop}V${height - 44}" stroke="${kRule}" fill="none"/>`;
  return svgOf({ title, width: kWidth, height, spoken, body: [...heads, lines, ...body, ...legend] });
}

function drawPacket(body: string[], history: History, layout: ReturnType<typeof layOut>, row: Row): void {
  const look = classNamed(row.class);
  const [x1, x2] = row.side === 0 ? [kLeft, kRight] : [kRight, kLeft];
  const isLost = row.arrived < 0 && row.lost !== undefined;
  const y1 = kTop + layout.from[row.i]!;
  const xe = isLost ? x1 + (x2 - x1) * 0.56 : x2;
  const y2 = y1 + (layout.to[row.i]! - layout.from[row.i]!) * (isLost ? 0.56 : 1);
  const angle = (Math.atan2(y2 - y1, xe - x1) * 180) / Math.PI;
  const turn = row.side === 0 ? angle : angle - 180;
  const dash = look.dash ? ` stroke-dasharray="${look.dash}"` : "";
  body.push(
    `<path d="M${x1} ${y1}L${xe} ${y2}" stroke="${look.light}" stroke-width="1.8"${dash} fill="none"/><circle cx="${x1}" cy="${y1}" r="3" fill="${look.light}"/>`,
  );
  body.push(
    isLost
      ? `<path d="M${xe - 6} ${y2 - 6}l12 12m0-12l-12 12" stroke="${look.light}" stroke-width="2.4"/>`
      : `<path d="M0 0L-10-4.5L-10 4.5Z" fill="${look.light}" transform="translate(${xe} ${y2}) rotate(${angle})"/>`,
  );
  const at = row.side === 0 ? 'x="14" y="-6"' : 'x="-14" y="-6" text-anchor="end"';
  body.push(
    `<text ${at} class="m" transform="translate(${x1} ${y1}) rotate(${turn})"><tspan fill="${look.light}">${look.mark}</tspan> ${escaped(row.label ?? "")}${isMarked(row) ? ' <tspan class="b">[CE]</tspan>' : ""}</text>`,
  );
  const beside = (side: number, y: number, ns: number, state: string) => {
    const [x, anchor] = side === 0 ? [kLeft - 10, "end"] : [kRight + 10, "start"];
    body.push(
      `<text x="${x}" y="${y + 4}" text-anchor="${anchor}" class="m">${state ? `<tspan class="b">${state}</tspan> ` : ""}<tspan class="soft">${timeText(ns)}</tspan></text>`,
    );
  };
  if (history.left[row.i]! >= 0 && !row.copy)
    beside(row.side, y1, row.at, row.changed[row.side] ? row.states[row.side] : "");
  const far = row.side === 0 ? 1 : 0;
  if (history.came[row.i]! >= 0) beside(far, y2, row.arrived, row.changed[far] ? row.states[far] : "");
}

function drawText(body: string[], row: Row, y: number): void {
  const [x, anchor] = row.side === 0 ? [kLeft + 12, "start"] : [kRight - 12, "end"];
  body.push(
    `<text x="${x}" y="${y + 4}" text-anchor="${anchor}" class="soft">${escaped(row.text ?? "")}</text>`,
  );
}
