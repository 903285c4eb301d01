// Where everything of a ladder stands: heights that grow with time, and leave room for every label.
import type { History } from "./history";
import { layOutObserved } from "./observed_layout";
import type { Row } from "./types";

export interface Layout {
  /// By moment.
  y: Float64Array;
  /// By row: where its line begins and ends.
  from: Float64Array;
  to: Float64Array;
  height: number;
  /// Times in which nothing happened and that are drawn shorter than they are.
  /// And rows in them that nobody told.
  pauses: { y: number; ns: number; missing?: number }[];
  /// ns that a packet usually takes.
  way: number;
}

const kRoom = { sent: 40, came: 16, did: 38, state: 30, tcb: 0 } as const;
/// A line of words of what an application did, and the state below it, where lines are short.
const kWordsLine = 20;
const kStateLine = 22;
const kCompactColumns = 33;
const kWayHeight = 56;
const kTop = 34;
const kMostPasses = 6;

/// The middle of what packets took, in ns.
export function usualWay(history: History): number {
  const ways = history.rows
    .filter((row) => row.kind === 0 && row.arrived > row.at && !row.copy)
    .slice(0, 500)
    .map((row) => row.arrived - row.at)
    .sort((a, b) => a - b);
  return ways[ways.length >> 1] ?? 20e6;
}

/// How many lines words take where lines are short; a Chinese character is two columns wide.
export function compactLines(text: string): number {
  const columns = [...text].reduce((sum, c) => sum + (c >= "\u2e80" ? 2 : 1), 0);
  return Math.max(Math.ceil(columns / kCompactColumns), 1);
}

/// `compact`: states stand below the line, which needs room, and lines are short.
export function layOut(history: History, compact: boolean): Layout {
  if (history.observer !== null) return layOutObserved(history, compact);
  let room = new Float64Array(history.moments.length);
  // Room makes a line steeper, and its label reaches further down: again, until it is enough.
  for (let i = 0; i < kMostPasses; ++i) {
    const more = missingRoom(history, placed(history, compact, room), compact);
    if (more.every((one) => one === 0)) break;
    room = room.map((one, at) => one + more[at]!);
  }
  return placed(history, compact, room);
}

/// By moment: what is missing above it.
function missingRoom(history: History, layout: Layout, compact: boolean): Float64Array {
  // Where an application acts right after a packet left, its words would lie on the packet's label.
  const labelLength = compact ? 150 : 200;
  const lineLength = compact ? 300 : 480;
  const { moments } = history;
  return new Float64Array(moments.length).map((_, i) => {
    const before = moments[i - 1];
    if (moments[i]![0] !== "did" || !before || before[0] !== "sent" || before[2] !== moments[i]![2]) return 0;
    const row = before[1];
    const drop = ((layout.to[row]! - layout.from[row]!) * labelLength) / lineLength;
    return Math.max(drop + 16 - (layout.y[i]! - layout.y[i - 1]!), 0);
  });
}

function placed(history: History, compact: boolean, more: Float64Array): Layout {
  const { moments, rows } = history;
  const way = Math.max(usualWay(history), 1);
  const y = new Float64Array(moments.length);
  const from = new Float64Array(rows.length);
  const to = new Float64Array(rows.length);
  const pauses: Layout["pauses"] = [];
  let height = kTop;
  let last = 0;
  // The last side of which a state is written, which takes two lines beside its lifeline.
  let stateAt = -1;
  // What the words of the last happening take below its height.
  let below = 0;
  moments.forEach((moment, i) => {
    const [kind, number, side, , at] = moment;
    if (kind !== "tcb") {
      const time = at - last;
      const isPause = i > 0 && time > 4 * way;
      const changes = number >= 0 && rows[number]!.changed[side];
      const follows = stateAt === side || (stateAt >= 0 && compact);
      height += kRoom[kind] + more[i]! + (follows ? 14 : 0) + (changes && kind === "came" ? 8 : 0);
      if (changes && compact && kind === "sent") height += 20;
      height += below;
      const happens = compact && (kind === "did" || kind === "state");
      below = happens
        ? (compactLines(rows[number]!.text ?? "") - 1) * kWordsLine + (changes ? kStateLine : 0)
        : 0;
      if (isPause) {
        pauses.push({ y: height + 6, ns: time });
        height += 44;
      } else if (i > 0) height += Math.min(time / way, 1.2) * kWayHeight;
      last = at;
      stateAt = changes ? side : -1;
    }
    y[i] = height;
    if (number < 0) return;
    if (kind === "came") {
      to[number] = height;
      if (rows[number]!.copy) from[number] = copyStart(history, number, from, height);
    } else {
      from[number] = height;
      to[number] = height + kWayHeight;
    }
  });
  placeLost(history, from, to);
  return { y, from, to, height: height + 72, pauses, way };
}

/// What never came points to where it would have: between those that left before and after it.
function placeLost({ rows, came }: History, from: Float64Array, to: Float64Array): void {
  const arrived = (row: Row | undefined): row is Row => row !== undefined && came[row.i]! >= 0 && !row.copy;
  for (const row of rows) {
    if (row.kind !== 0 || row.arrived >= 0) continue;
    const near = (step: number) => {
      for (let i = row.i + step; i >= 0 && i < rows.length; i += step) {
        const one = rows[i]!;
        if (one.kind === 0 && one.side === row.side && arrived(one))
          return Math.abs(from[i]! - from[row.i]!) < 240 ? one : undefined;
      }
      return undefined;
    };
    const [before, after] = [near(-1), near(1)];
    const drops = [before, after].filter(arrived).map((one) => to[one.i]! - from[one.i]!);
    const drop = drops.length > 0 ? drops.reduce((a, b) => a + b) / drops.length : kWayHeight;
    to[row.i] = from[row.i]! + Math.max(drop, 24);
  }
}

function copyStart(history: History, number: number, from: Float64Array, fallback: number): number {
  const wanted = history.rows[number]!.number;
  const original = history.rows.findIndex((row) => row.kind === 0 && row.number === wanted && !row.copy);
  return original >= 0 ? from[original]! + 6 : fallback - kWayHeight;
}
