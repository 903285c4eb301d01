// What the server tells of itself: the events of /_glass/events. Times are ns since it started.
import type { Moment, Row } from "../shared/types";

export interface Hello {
  version: number;
  program: string;
  address: string[];
  port: number;
  client: string;
  control: boolean;
  offload: boolean;
  language: string;
  now: number;
  /// ms since 1970, at `now`.
  wall: number;
  /// Whose packets are told, 0: of none.
  watched: number;
}

export interface Connection {
  id: number;
  peer: string;
  local: string;
  state: string;
  /// 0: before anybody looked.
  opened: number;
  /// Bytes of data.
  sent: number;
  received: number;
  cwnd: number;
  /// µs
  srtt: number;
  rto: number;
  flight: number;
  unsent: number;
  unread?: number;
  retransmissions?: number;
  packets?: number;
  request: string;
  /// 0: it is open.
  ended: number;
  /// Why it ended, where that was seen.
  ending?: string;
  own: 0 | 1;
}

export interface Connections {
  now: number;
  total: number;
  shown: Connection[];
  gone: number[];
}

export interface Packets {
  id: number;
  now: number;
  /// Rows before these that could not be told.
  lost?: number;
  /// Rows behind these that will be told later.
  waiting?: number;
  /// How the connection stands, where nothing waits.
  state?: string;
  rows: Row[];
  moments: Moment[];
}

export interface Timers {
  id: number;
  now: number;
  /// Key, deadline in ns, and what it is in words.
  timers: [string, number, string?][];
}

/// Key, sentence, and how often.
export type Counter = [string, string, number];
export const kCounterKinds = ["reasons", "verdicts", "limits"] as const;
export type CounterKind = (typeof kCounterKinds)[number];
export type Counters = Partial<Record<CounterKind, Counter[]>>;

export interface Setting {
  name: string;
  value: string;
  /// Empty: any value of its form.
  choices: string[];
  what: string;
  rule: string;
}

export interface Switches {
  /// By direction, as --impair has it: "loss=1%,delay=20ms".
  link: { in: string; out: string };
  /// Why the link cannot be changed; empty: it can.
  link_disabled: string;
  settings: Setting[];
}

export interface Events {
  hello: Hello;
  switches: Switches;
  connections: Connections;
  packets: Packets;
  timers: Timers;
  counters: Counters;
  gap: { lost: number };
  beat: { now: number };
  bye: Record<string, never>;
}

export type EventName = keyof Events;
export const kEventNames: EventName[] = [
  "hello",
  "switches",
  "connections",
  "packets",
  "timers",
  "counters",
  "gap",
  "beat",
  "bye",
];
