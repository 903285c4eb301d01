// What everything that is shown has to do with one packet, or one thing that happened: so that a click
// on any of it lights all.
import { countUpTo, type History } from "./history";
import { placeOf } from "./tables";
import type { Row, Side, Tcb } from "./types";

/// Numbers of a sequence space, counted from its beginning.
export interface Span {
  from: number;
  to: number;
}

export interface Focus {
  row: number;
  /// ns at which it left or happened.
  at: number;
  /// By side: the arrow of Figure 5 that it took.
  steps: [Step | null, Step | null];
  /// By side: places in the TCB that it changed.
  changed: [ReadonlySet<number>, ReadonlySet<number>];
  /// By whose numbers: what it carries, or acknowledges up to.
  spans: [Span | null, Span | null];
  /// Numbers of the moments in which it left and came.
  moments: number[];
}

export interface Step {
  from: string;
  to: string;
}

export function focusOf(history: History, number: number): Focus | null {
  const row = history.rows[number];
  if (!row) return null;
  const moments = [history.left[number]!, history.came[number]!].filter((at) => at >= 0);
  const focus: Focus = {
    row: number,
    at: row.at,
    steps: [null, null],
    changed: [new Set(), new Set()],
    spans: spansOf(row),
    moments,
  };
  for (const at of moments) {
    const side = history.moments[at]![2];
    focus.steps[side] ??= stepAt(history, row, side, at);
    for (const place of changesAt(history, row.connection, side, at))
      (focus.changed[side] as Set<number>).add(place);
  }
  return focus;
}

function stepAt(history: History, row: Row, side: Side, at: number): Step | null {
  if (!row.changed[side]) return null;
  const before = history.stateOf(side, row.connection, at);
  const after = history.stateOf(side, row.connection, at + 1);
  return before === after ? null : { from: before, to: after };
}

function changesAt(history: History, connection: number, side: Side, at: number): number[] {
  const { now, before, at: last } = history.tcbOf(side, connection, at + 1);
  return last === at && now && before ? differences(before, now) : [];
}

function differences(before: Tcb, now: Tcb): number[] {
  const deadline = placeOf("deadline");
  const places: number[] = [];
  now.forEach((value, i) => value !== before[i] && i !== deadline && places.push(i));
  return places;
}

function spansOf(row: Row): [Span | null, Span | null] {
  const spans: [Span | null, Span | null] = [null, null];
  if (row.kind !== 0 || row.seq === undefined) return spans;
  const length = (row.len ?? 0) + ((row.flags ?? 0) & 2 ? 1 : 0) + ((row.flags ?? 0) & 1 ? 1 : 0);
  spans[row.side] = { from: row.seq, to: row.seq + length };
  const far: Side = row.side === 0 ? 1 : 0;
  if ((row.flags ?? 0) & 16) spans[far] = { from: row.ack ?? 0, to: row.ack ?? 0 };
  return spans;
}

/// The row that brought a state of a side last, before a position; -1: none.
export function rowOfState(
  history: History,
  side: Side,
  connection: number,
  index: number,
  state: string,
): number {
  for (let i = Math.min(index, history.moments.length) - 1; i >= 0; --i) {
    const [, row, at, of] = history.moments[i]!;
    if (row < 0 || at !== side || of !== connection || !history.rows[row]!.changed[side]) continue;
    if (history.stateOf(side, connection, i + 1) === state && history.stateOf(side, connection, i) !== state)
      return row;
  }
  return -1;
}

/// The row with which a variable of a TCB changed last, before a position; -1: with none.
export function rowOfVariable(
  history: History,
  side: Side,
  connection: number,
  index: number,
  key: string,
): number {
  const place = placeOf(key);
  let at = index;
  for (;;) {
    const { now, before, at: last } = history.tcbOf(side, connection, at);
    if (!now || last < 0) return -1;
    if (!before || before[place] !== now[place]) return history.moments[last]![1];
    at = last;
  }
}

/// The packet of a side that carried a number of its sequence last, before a position; -1: none.
export function rowOfNumber(
  history: History,
  side: Side,
  connection: number,
  index: number,
  wanted: number,
): number {
  let nearest = -1;
  for (let i = 0; i < history.rows.length; ++i) {
    const row = history.rows[i]!;
    if (row.kind !== 0 || row.side !== side || row.connection !== connection || row.copy) continue;
    if (history.left[i]! >= index) break;
    const span = spansOf(row)[side];
    if (span && wanted >= span.from && wanted < span.to) nearest = i;
  }
  return nearest;
}

/// The packet of a side that left nearest to a time; -1: none.
export function rowNear(history: History, side: Side, connection: number, time: number): number {
  const rows = history.rows;
  const first = countUpTo(rows.length, (i) => rows[i]!.at <= time);
  let best = -1;
  for (let i = Math.max(first - 40, 0); i < Math.min(first + 40, rows.length); ++i) {
    const row = rows[i]!;
    if (row.kind !== 0 || row.side !== side || row.connection !== connection || row.copy) continue;
    if (best < 0 || Math.abs(row.at - time) < Math.abs(rows[best]!.at - time)) best = i;
  }
  return best;
}
