// The columns of the connections table: what each shows, how it is sorted, and what a filter finds.
import { timeText } from "../shared/format";
import { bytesText } from "./amounts";
import type { Connection } from "./feed";
import type { Word } from "./words";

export type ColumnKey =
  | "peer"
  | "request"
  | "state"
  | "opened"
  | "sent"
  | "received"
  | "cwnd"
  | "flight"
  | "unsent"
  | "srtt"
  | "rto"
  | "retransmissions";

export interface Column {
  key: ColumnKey;
  /// A name of the RFCs, or a word of the page.
  name?: string;
  word?: Word;
  isNumber: boolean;
  /// Shown where there is room: 0 always, 1 on a tablet, 2 on a desk.
  room: 0 | 1 | 2;
}

export const kColumns: Column[] = [
  { key: "peer", word: "peer", isNumber: false, room: 0 },
  { key: "request", word: "request", isNumber: false, room: 1 },
  { key: "state", word: "state", isNumber: false, room: 0 },
  { key: "opened", word: "opened", isNumber: true, room: 2 },
  { key: "sent", word: "sent", isNumber: true, room: 0 },
  { key: "received", word: "received", isNumber: true, room: 2 },
  { key: "cwnd", name: "cwnd", isNumber: true, room: 1 },
  { key: "flight", word: "inFlight", isNumber: true, room: 1 },
  { key: "unsent", word: "unsent", isNumber: true, room: 2 },
  { key: "srtt", name: "SRTT", isNumber: true, room: 1 },
  { key: "rto", name: "RTO", isNumber: true, room: 2 },
  { key: "retransmissions", word: "retransmissions", isNumber: true, room: 1 },
];

export interface Order {
  column: ColumnKey;
  isDescending: boolean;
}

export function valueOf(row: Connection, key: ColumnKey): string | number {
  if (key === "retransmissions") return row.retransmissions ?? 0;
  return row[key];
}

/// The text of a number's cell.
export function cellText(row: Connection, key: ColumnKey): string {
  const value = Number(valueOf(row, key));
  switch (key) {
    case "srtt":
    case "rto":
      return value > 0 ? timeText(value * 1000) : "–";
    case "retransmissions":
      return value === 0 ? "–" : String(value);
    case "cwnd":
      return value === 0 || value === 0xffffffff ? "–" : bytesText(value);
    default:
      return bytesText(value);
  }
}

/// What a person may look for: all words must be found.
export function fits(row: Connection, filter: string): boolean {
  const text = `${row.id} ${row.peer} ${row.local} ${row.state} ${row.request}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export function sorted(rows: Connection[], { column, isDescending }: Order): Connection[] {
  const sign = isDescending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [valueOf(a, column), valueOf(b, column)];
    const order =
      typeof x === "number" && typeof y === "number"
        ? x - y
        : String(x).localeCompare(String(y), "en", { numeric: true });
    return sign * order || b.id - a.id;
  });
}
