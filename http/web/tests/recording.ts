// A run of the lab as the server alone sees it, and tells it to the live view: what the unit tests and
// the mock server of tests/web/view.mjs are fed with.
import type { Engine } from "../lab/engine/wasm";
import type { Connection, Packets, Timers } from "../view/feed";
import { placeOf } from "../shared/tables";
import type { Language, Moment, Row } from "../shared/types";

export interface Recording {
  packets: Packets;
  timers: Timers[];
  connection: Connection;
}

/// ns at which the recorded connection begins on the server's clock.
export const kRecordedAt = 90e9;

const kDownload = [
  "chapter data",
  "link server delay=20ms rate=20mbit loss=3%",
  "link client delay=20ms",
  "at 0ms server listen",
  "at 10ms client connect",
  "on client connected client write 78",
  "on server read 78 server write 400k",
  "on server acked + 30ms server close",
  "on client end client close",
  "until 30s",
  "",
].join("\n");

export function recordingOf(engine: Engine, language: Language, id: number): Recording {
  const spec = { name: "own", text: kDownload, seed: 7, settings: [] as [string, string][], edits: [] };
  const opened = engine.open(spec, language);
  if ("error" in opened) throw new Error(`line ${opened.error.line}: ${opened.error.message}`);
  const rows: Row[] = [];
  const moments: Moment[] = [];
  let ending = -1;
  while (ending < 0) {
    const batch = engine.run(200);
    for (const row of batch.rows) rows[row.i] = row;
    moments.push(...batch.moments);
    ending = batch.ending;
  }
  return seenByServer(rows, moments, id);
}

function seenByServer(rows: Row[], moments: Moment[], id: number): Recording {
  const places = new Map<number, number>();
  const seen: Row[] = [];
  // In the order in which the server saw them.
  for (const [, number, side] of moments) {
    const row = rows[number];
    if (side !== 1 || !row || row.kind === 1 || places.has(row.i)) continue;
    places.set(row.i, seen.length);
    const i = seen.length;
    const at = kRecordedAt + (row.side === 0 ? row.arrived : row.at);
    if (row.side === 0) seen.push({ ...row, i, connection: 1, at, arrived: at, why: "" });
    else seen.push({ ...row, i, connection: 1, at, arrived: -1, effect: "", verdict: "" });
  }
  const told = moments
    .filter(([, row, side]) => side === 1 && (row < 0 || places.has(row)))
    .map(([kind, row, side, , at, tcb]): Moment => {
      const shifted = tcb && ([...tcb] as typeof tcb);
      const deadline = placeOf("deadline");
      if (shifted && Number(shifted[deadline]) >= 0)
        shifted[deadline] = Number(shifted[deadline]) + kRecordedAt;
      return [kind, row < 0 ? -1 : places.get(row)!, side, 1, at + kRecordedAt, shifted];
    });
  const last = told.at(-1)![4];
  return {
    packets: { id, now: last, rows: seen, moments: told },
    timers: timersOf(told, id),
    connection: rowOf(seen, told, id),
  };
}

function timersOf(moments: Moment[], id: number): Timers[] {
  return moments.map(([, , , , now, tcb]) => {
    const deadline = Number(tcb?.[placeOf("deadline")] ?? -1);
    return {
      id,
      now,
      timers: deadline < 0 ? [] : [["Retransmit", deadline, "retransmission timer (RFC 6298)"]],
    };
  });
}

function rowOf(rows: Row[], moments: Moment[], id: number): Connection {
  const tcb = [...moments].reverse().find((moment) => moment[5] !== null)![5]!;
  const value = (key: string) => Number(tcb[placeOf(key)]);
  const bytes = (side: number) =>
    rows.filter((row) => row.side === side).reduce((sum, row) => sum + (row.len ?? 0), 0);
  return {
    id,
    peer: "192.0.2.1:50100",
    local: "192.0.2.2:80",
    state: "ESTABLISHED",
    opened: rows[0]!.at,
    sent: bytes(1),
    received: bytes(0),
    cwnd: value("cwnd"),
    srtt: value("srtt"),
    rto: value("rto"),
    flight: value("flight"),
    unsent: value("unsent"),
    unread: 0,
    retransmissions: rows.filter((row) => row.side === 1 && row.class === "loss-recovery").length,
    packets: rows.length,
    request: "GET /img/idol.mp3",
    ended: 0,
    own: 0,
  };
}
