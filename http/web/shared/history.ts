// All that is known of a run, and what of it had happened at a position in it.
//
// A position is a number of moments that have happened, and a time for what moves between them.
import type { Batch, Marks, Moment, Row, Side, Tcb, Timers } from "./types";

export interface Position {
  index: number;
  /// ns since the start
  time: number;
}

/// A timer that runs: ns at which it was set, in which moment, and ns at which it ends.
export interface RunningTimer {
  name: string;
  set: number;
  moment: number;
  end: number;
}

interface Track {
  /// Ascending numbers of moments, and what each brought.
  at: number[];
  tcbs: (Tcb | null)[];
  /// Changes of what timers run: numbers of moments, and what ran from then on.
  timedAt: number[];
  timers: Timers[];
  /// The same of what is known of the outstanding.
  markedAt: number[];
  marks: Marks[];
  /// Changes of state: numbers of moments, and what it became.
  changedAt: number[];
  path: string[];
}

export class History {
  readonly rows: Row[] = [];
  readonly moments: Moment[] = [];
  /// By row: the number of the moment in which it left or happened, and came; -1: it did not.
  readonly left: number[] = [];
  readonly came: number[] = [];
  readonly connections = new Set<number>();
  now = 0;
  ending = -1;
  /// The end at which all was seen, where only one tells: then nobody knows when what came had left,
  /// or whether what left arrived. null: both ends tell.
  observer: Side | null = null;
  /// By side: the states before the first that is in the rows.
  begins: [string[], string[]] = [["CLOSED"], ["CLOSED"]];
  /// By row: how many stand before it that nobody told.
  readonly missing = new Map<number, number>();
  /// Moments before the first that were known once and were dropped.
  dropped = 0;
  private readonly tracks = new Map<string, Track>();

  add(batch: Batch): void {
    for (const row of batch.rows) {
      this.rows[row.i] = row;
      this.left[row.i] ??= -1;
      this.came[row.i] ??= -1;
    }
    for (const moment of batch.moments) this.take(moment);
    this.now = batch.now;
    this.ending = batch.ending;
  }

  /// What is known of it after so many moments, when there were so many rows; it goes on otherwise.
  until(moments: number, rows: number): History {
    const copy = new History();
    for (let i = 0; i < rows; ++i) {
      copy.rows[i] = this.rows[i]!;
      copy.left[i] = copy.came[i] = -1;
    }
    copy.observer = this.observer;
    copy.begins = this.begins;
    for (let i = 0; i < moments; ++i) copy.take(this.moments[i]!);
    copy.now = this.timeOf(moments);
    return copy;
  }

  /// A side is in a state of which no row tells: nobody observed how it came there.
  become(side: Side, connection: number, state: string): void {
    if (this.stateOf(side, connection, this.moments.length) === state) return;
    const track = this.trackOf(side, connection);
    track.changedAt.push(Math.max(this.moments.length - 1, 0));
    track.path.push(state);
  }

  get isOver(): boolean {
    return this.ending >= 0;
  }

  /// ns of the last moment.
  get length(): number {
    return this.moments.at(-1)?.[4] ?? 0;
  }

  timeOf(index: number): number {
    return index <= 0 ? 0 : (this.moments[Math.min(index, this.moments.length) - 1]?.[4] ?? 0);
  }

  /// Moments up to and including a time.
  indexAt(time: number): number {
    return countUpTo(this.moments.length, (i) => this.moments[i]![4] <= time);
  }

  /// The next position in which something can be seen.
  next(from: number): number {
    let index = from + 1;
    while (index < this.moments.length && this.moments[index - 1]![0] === "tcb") ++index;
    return Math.min(index, this.moments.length);
  }

  previous(from: number): number {
    let index = from - 1;
    while (index > 0 && this.moments[index - 1]![0] === "tcb") --index;
    return Math.max(index, 0);
  }

  stateOf(side: Side, connection: number, index: number): string {
    return this.pathOf(side, connection, index).at(-1)!;
  }

  /// The states that a side went through, in order, from CLOSED on.
  pathOf(side: Side, connection: number, index: number): string[] {
    const track = this.tracks.get(`${side}/${connection}`);
    if (!track) return this.begins[side];
    return [
      ...this.begins[side],
      ...track.path.slice(
        0,
        countUpTo(track.path.length, (i) => track.changedAt[i]! < index),
      ),
    ];
  }

  /// The TCB after the last moment before `index`, and the one before that; null: none yet.
  tcbOf(side: Side, connection: number, index: number): { now: Tcb | null; before: Tcb | null; at: number } {
    const track = this.tracks.get(`${side}/${connection}`);
    let i = track ? countUpTo(track.at.length, (n) => track.at[n]! < index) - 1 : -1;
    while (i >= 0 && !track!.tcbs[i]) --i;
    if (i < 0) return { now: null, before: null, at: -1 };
    let j = i - 1;
    while (j >= 0 && !track!.tcbs[j]) --j;
    return { now: track!.tcbs[i]!, before: j >= 0 ? track!.tcbs[j]! : null, at: track!.at[i]! };
  }

  /// The timers of a side that run at a position, each with when it was set.
  timersOf(side: Side, connection: number, index: number): RunningTimer[] {
    const track = this.tracks.get(`${side}/${connection}`);
    const last = track ? countUpTo(track.timedAt.length, (n) => track.timedAt[n]! < index) - 1 : -1;
    if (last < 0) return [];
    const running: RunningTimer[] = [];
    const now = track!.timers[last]!;
    for (let i = 0; i + 1 < now.length; i += 2) {
      const [name, end] = [now[i] as string, now[i + 1] as number];
      let first = last;
      while (first > 0 && hasTimer(track!.timers[first - 1]!, name, end)) --first;
      const moment = track!.timedAt[first]!;
      running.push({ name, end, moment, set: this.moments[moment]![4] });
    }
    return running;
  }

  /// What is known at a position of what a side has outstanding; null: nobody has told.
  marksOf(side: Side, connection: number, index: number): Marks | null {
    const track = this.tracks.get(`${side}/${connection}`);
    const last = track ? countUpTo(track.markedAt.length, (n) => track.markedAt[n]! < index) - 1 : -1;
    return last < 0 ? null : track!.marks[last]!;
  }

  /// Every TCB of a side up to a moment, for graphs.
  tcbsOf(side: Side, connection: number): { time: number; index: number; tcb: Tcb }[] {
    const track = this.tracks.get(`${side}/${connection}`);
    const all: { time: number; index: number; tcb: Tcb }[] = [];
    track?.at.forEach((at, i) => {
      const tcb = track.tcbs[i];
      if (tcb) all.push({ time: this.moments[at]![4], index: at, tcb });
    });
    return all;
  }

  /// Which packet of its end it is, counted as the engine counts its "packet"s; 0: none of an end's.
  ordinal(number: number): number {
    const row = this.rows[number];
    if (!row || row.kind !== 0 || row.copy || row.forged) return 0;
    let count = 0;
    for (let i = 0; i <= number; ++i) {
      const one = this.rows[i]!;
      if (one.kind === 0 && one.side === row.side && !one.copy && !one.forged) ++count;
    }
    return count;
  }

  private take(moment: Moment): void {
    const index = this.moments.push(moment) - 1;
    const [kind, row, side, connection, , tcb, timers, marks] = moment;
    if (kind === "came") this.came[row] = index;
    else if (row >= 0) this.left[row] = index;
    // With an address that is neither host's: no connection of theirs.
    if (connection === 0) return;
    this.connections.add(connection);
    const track = this.trackOf(side, connection);
    track.at.push(index);
    track.tcbs.push(tcb);
    if (timers) {
      track.timedAt.push(index);
      track.timers.push(timers);
    }
    if (marks) {
      track.markedAt.push(index);
      track.marks.push(marks);
    }
    const ends: Side[] = this.observer === null ? [side] : [0, 1];
    for (const end of ends) this.follow(end, connection, index, this.rows[row]?.states[end] ?? "");
  }

  private trackOf(side: Side, connection: number): Track {
    const key = `${side}/${connection}`;
    const track = this.tracks.get(key) ?? emptyTrack();
    this.tracks.set(key, track);
    return track;
  }

  /// Of a peer several states may be possible, "A|B": then nothing is known to have changed while the
  /// last one is among them.
  private follow(end: Side, connection: number, index: number, told: string): void {
    const track = this.trackOf(end, connection);
    const possible = told.split("|");
    const last = track.path.at(-1) ?? this.begins[end].at(-1);
    if (told === "" || possible.includes(last ?? "")) return;
    track.changedAt.push(index);
    track.path.push(possible[0]!);
  }
}

function emptyTrack(): Track {
  return {
    at: [],
    tcbs: [],
    timedAt: [],
    timers: [],
    markedAt: [],
    marks: [],
    changedAt: [],
    path: [],
  };
}

function hasTimer(timers: Timers, name: string, end: number): boolean {
  for (let i = 0; i + 1 < timers.length; i += 2) if (timers[i] === name && timers[i + 1] === end) return true;
  return false;
}

/// How many of 0..size-1 a condition holds for that holds for all below the first where it does not.
export function countUpTo(size: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
