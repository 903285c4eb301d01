// The last packets of a connection, as its server tells them. They are kept as a history whose rows
// are counted from its own beginning: when there are too many the oldest are dropped, and a new history
// takes its place.
import { History } from "../shared/history";
import { placeOf, tables } from "../shared/tables";
import type { Moment, Row, Side, Tcb } from "../shared/types";
import type { Packets } from "./feed";

/// Rows that are kept at least, and dropped at once when there are more than both.
export const kMostRows = 1_500;
export const kDroppedAtOnce = 500;

const kServer: Side = 1;

export class LiveHistory {
  history = freshHistory();
  /// Rows that were told, and dropped since.
  dropped = 0;
  /// Rows that the server could not tell.
  missed = 0;
  /// Rows that the server has yet to tell.
  waiting = 0;
  /// The server's number of each row that is kept.
  private numbers: number[] = [];
  private readonly places = new Map<number, number>();
  private origin = 0;
  /// How it stands, where nothing waits.
  private state = "";

  /// `opened`: ns, from which the times of the rows are counted; 0: from the first of them.
  constructor(
    readonly id: number,
    private readonly opened = 0,
  ) {}

  /// Whether every packet from the first one on is here.
  get isWhole(): boolean {
    return this.dropped === 0 && this.numbers[0] === 0 && this.history.missing.size === 0;
  }

  get size(): number {
    return this.numbers.length;
  }

  /// ns since the connection was opened.
  sinceOpened(time: number): number {
    return time - this.origin;
  }

  /// Where a row of the server is, -1: not here.
  placeOf(number: number): number {
    return this.places.get(number) ?? -1;
  }

  numberOf(place: number): number {
    return this.numbers[place] ?? -1;
  }

  add({ rows, moments, lost, now, waiting, state }: Packets): void {
    this.missed += lost ?? 0;
    this.waiting = waiting ?? 0;
    this.state = state ?? "";
    if (this.origin === 0) {
      const first = rows[0]?.at ?? moments[0]?.[4] ?? 0;
      this.origin = this.opened > 0 && this.opened <= first ? this.opened : first;
    }
    const fresh = rows.filter(({ i }) => !this.places.has(i)).map((row) => this.taken(row));
    if (this.history.rows.length === 0 && fresh.length > 0) this.begin(fresh[0]!);
    this.history.add({
      rows: fresh,
      moments: moments.map((moment) => this.shifted(moment)).filter((moment) => moment !== null),
      now: now - this.origin,
      ending: -1,
    });
    if (this.numbers.length > kMostRows + kDroppedAtOnce) this.dropTo(kMostRows);
    if (this.state !== "") this.history.become(kServer, 1, this.state);
  }

  private taken(row: Row): Row {
    const before = this.numbers.at(-1);
    const place = this.numbers.push(row.i) - 1;
    if (before !== undefined && row.i > before + 1) this.history.missing.set(place, row.i - before - 1);
    this.places.set(row.i, place);
    const since = (time: number) => (time < 0 ? time : time - this.origin);
    return { ...row, i: place, connection: 1, at: since(row.at), arrived: since(row.arrived) };
  }

  private shifted(moment: Moment): Moment | null {
    const [kind, row, side, , at, tcb, timers, marks] = moment;
    const place = row < 0 ? -1 : this.placeOf(row);
    if (row >= 0 && place < 0) return null;
    const since = timers?.map((one) => (typeof one === "number" ? one - this.origin : one)) ?? null;
    const [time, mine] = [at - this.origin, tcb && this.since(tcb)];
    return marks
      ? [kind, place, side, 1, time, mine, since, marks]
      : [kind, place, side, 1, time, mine, since];
  }

  private since(tcb: Tcb): Tcb {
    const at = placeOf("deadline");
    const deadline = Number(tcb[at]);
    if (at < 0 || deadline < 0) return tcb;
    const copy = [...tcb] as Tcb;
    copy[at] = deadline - this.origin;
    return copy;
  }

  /// Which states came before the first that was told: those of a new connection, if it follows them.
  private begin(row: Row): void {
    const { begins } = this.history;
    row.states.forEach((told, side) => {
      const states = told.split("|").filter((state) => state !== "");
      const last = begins[side as Side].at(-1)!;
      if (states.length === 0 || states.includes(last)) return;
      if (!states.some((state) => isArrow(last, state))) begins[side as Side] = [states[0]!];
    });
  }

  private dropTo(most: number): void {
    const { rows, moments, dropped } = this.history;
    const gone = rows.length - most;
    const first = moments.findIndex(([, row]) => row >= gone);
    const next = freshHistory();
    next.begins = [this.history.pathOf(0, 1, first), this.history.pathOf(1, 1, first)];
    next.dropped = dropped + first;
    for (const [place, count] of this.history.missing) {
      if (place > gone) next.missing.set(place - gone, count);
    }
    this.dropped += gone;
    for (const number of this.numbers.splice(0, gone)) this.places.delete(number);
    this.numbers.forEach((number, place) => this.places.set(number, place));
    next.add({
      rows: rows.slice(gone).map((row, place) => ({ ...row, i: place })),
      moments: moments
        .slice(first)
        .filter(([, row]) => row < 0 || row >= gone)
        .map(([kind, row, ...rest]) => [kind, row < 0 ? row : row - gone, ...rest] as Moment),
      now: this.history.now,
      ending: -1,
    });
    this.history = next;
  }
}

function freshHistory(): History {
  const history = new History();
  history.observer = kServer;
  history.begins = [["CLOSED"], ["CLOSED", "LISTEN"]];
  return history;
}

function isArrow(from: string, to: string): boolean {
  return tables.arrows.some((state, i) => i % 2 === 0 && state === from && tables.arrows[i + 1] === to);
}
