// What the engine tells of a run (http/web/engine/record.h), and the tables that were built in.

export type Side = 0 | 1;
export type Language = "en" | "zh";

export const enum RowKind {
  Packet = 0,
  Action = 1,
  State = 2,
}

export interface Row {
  i: number;
  kind: RowKind;
  side: Side;
  connection: number;
  /// ns since the start: when it left, or happened.
  at: number;
  /// -1: it never came, or is not known to have.
  arrived: number;
  states: [string, string];
  changed: [boolean, boolean];
  text?: string;
  number?: number;
  copy?: 1;
  forged?: 1;
  /// By a router: congestion experienced (CE).
  marked?: 1;
  plain?: 1;
  lost?: string;
  class?: string;
  label?: string;
  why?: string;
  effect?: string;
  watched?: string;
  seq?: number;
  ack?: number;
  len?: number;
  flags?: number;
  window?: number;
  /// Both ECN bits of the IP header (RFC 3168).
  ecn?: number;
  sacks?: number[];
  reason?: string;
  verdict?: string;
  bytes?: string;
  size?: number;
  /// Which parts of which messages of HTTP it carries.
  messages?: string;
}

export type Tcb = [string, ...number[]];
export type MomentKind = "sent" | "came" | "did" | "state" | "tcb";
/// Names of the timers that run and the ns at which each ends, in turn, the earliest first.
export type Timers = (string | number)[];
/// Parts of what is outstanding: first number, the one behind it, and 0 (sent again), 1 (reported by
/// SACK) or 2 (judged lost), in turn.
export type Marks = number[];
/// [kind, row or -1, side, connection, ns, TCB, timers and marks if they changed]
export type Moment = [MomentKind, number, Side, number, number, Tcb | null, (Timers | null)?, Marks?];

export interface Story {
  title: string;
  question: string;
  predict: string;
  happened: string;
  see: string;
  change: string;
}

export interface ScenarioInfo {
  name: string;
  chapter: string;
  filter: string;
  command: string;
  view: Side;
  watched: Side;
  watch: string[];
  chosen: string[];
  stories: [Story, Story];
}

export interface ReadError {
  line: number;
  message: string;
}

export interface Batch {
  rows: Row[];
  moments: Moment[];
  now: number;
  /// -1: it goes on; 0 quiet, 1 time over, 2 too long.
  ending: number;
}

/// What is run: a scenario's text, and what was changed in it.
export interface Spec {
  name: string;
  text: string;
  seed: number;
  /// Keys and values: "client.sack", "off".
  settings: [string, string][];
  /// Lines such as "lose client packet 3".
  edits: string[];
}

export interface ReasonClass {
  key: string;
  en: string;
  zh: string;
  mark: string;
  light: string;
  dark: string;
  dash: string;
}

/// A name, the section of the RFC, and a sentence.
export interface Explained {
  key: string;
  rfc: string;
  en: string;
  zh: string;
}

export interface Tables {
  timers: Explained[];
  /// Of reasons to send a packet and of verdicts on one that came.
  sentences: Explained[];
  classes: ReasonClass[];
  arrows: string[];
  tcb: string[];
}

export interface Catalogue {
  chapters: { key: string; en: string; zh: string }[];
  scenarios: { name: string; chapter: string; text: string; titles: [string, string] }[];
}
