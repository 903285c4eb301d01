// The live view without a browser: what it keeps of a connection, what an address names, and what is
// said, sorted and asked for.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Engine } from "../lab/engine/wasm";
import { layOut } from "../shared/ladder_layout";
import { bytesText, rateText } from "../view/amounts";
import { cellText, fits, sorted } from "../view/connection_order";
import { effectOf, wholeSpec, withEffect } from "../view/link_spec";
import { kDroppedAtOnce, kMostRows, LiveHistory } from "../view/live_history";
import { fragmentOf, kNowhere, placeOf } from "../view/place";
import { summaryOf } from "../view/summary";
import type { Packets } from "../view/feed";
import { kRecordedAt, recordingOf } from "./recording";

declare const BUILT_ENGINE: string;
const engine = await Engine.create(await WebAssembly.compile(await readFile(BUILT_ENGINE)));
const recording = recordingOf(engine, "en", 7);
const { packets } = recording;

/// The same packets `times` times after each other, as one long connection.
function long(times: number): Packets[] {
  return Array.from({ length: times }, (_, turn) => ({
    ...packets,
    rows: packets.rows.map((row) => ({ ...row, i: row.i + turn * packets.rows.length })),
    moments: packets.moments.map(
      ([kind, row, ...rest]) => [kind, row < 0 ? row : row + turn * packets.rows.length, ...rest] as never,
    ),
  }));
}

test("a connection that was seen from its first packet on has its whole path in Figure 5", () => {
  const live = new LiveHistory(7);
  live.add(packets);
  const { history } = live;
  const at = history.moments.length;
  assert.deepEqual(history.pathOf(1, 1, at).slice(0, 4), ["CLOSED", "LISTEN", "SYN-RECEIVED", "ESTABLISHED"]);
  assert.deepEqual(history.pathOf(0, 1, at).slice(0, 3), ["CLOSED", "SYN-SENT", "ESTABLISHED"]);
  assert.ok(history.pathOf(1, 1, at).includes("FIN-WAIT-1"));
  assert.equal(history.rows[0]!.at, 0);
  assert.equal(
    live.sinceOpened(kRecordedAt + history.rows[1]!.at),
    history.rows[1]!.at - (packets.rows[0]!.at - kRecordedAt),
  );
});

test("an end that no row tells is in Figure 5 all the same, also after old rows were dropped", () => {
  const live = new LiveHistory(7);
  const rows = packets.rows.filter(({ states }) => states[1] === "ESTABLISHED");
  const told = new Set(rows.map(({ i }) => i));
  const moments = packets.moments.filter(([, row]) => told.has(row));
  live.add({ ...packets, rows, moments, waiting: 12 });
  assert.equal(live.waiting, 12);
  assert.equal(live.history.stateOf(1, 1, live.history.moments.length), "ESTABLISHED");
  live.add({ ...packets, rows: [], moments: [], waiting: 0, state: "CLOSED" });
  assert.equal(live.waiting, 0);
  assert.deepEqual(live.history.pathOf(1, 1, live.history.moments.length).slice(-2), [
    "ESTABLISHED",
    "CLOSED",
  ]);
  const gone = new LiveHistory(7);
  for (const part of long(Math.ceil((kMostRows + kDroppedAtOnce + 1) / packets.rows.length))) {
    gone.add({ ...part, waiting: 0, state: "CLOSED" });
  }
  assert.ok(gone.dropped > 0);
  assert.equal(gone.history.stateOf(1, 1, gone.history.moments.length), "CLOSED");
});

test("one that was joined later begins with the state that it was in", () => {
  const live = new LiveHistory(7);
  const rows = packets.rows.slice(50);
  live.add({ ...packets, rows, moments: packets.moments.filter(([, row]) => row >= 50) });
  assert.deepEqual(live.history.pathOf(1, 1, 5), ["ESTABLISHED"]);
  assert.equal(live.numberOf(0), 50);
  assert.equal(live.placeOf(50), 0);
  assert.equal(live.placeOf(3), -1);
});

test("of too many packets the oldest are dropped, and all that is known later stays the same", () => {
  const live = new LiveHistory(7);
  const whole = new LiveHistory(7);
  const parts = long(6);
  for (const part of parts) {
    live.add(part);
    assert.ok(live.size <= kMostRows + kDroppedAtOnce);
  }
  whole.add({ ...packets, rows: parts.flatMap(({ rows }) => rows.slice(0, 1)), moments: [] });
  assert.ok(live.dropped > 0);
  assert.equal(live.dropped + live.size, 6 * packets.rows.length);
  const last = 6 * packets.rows.length - 1;
  assert.equal(live.numberOf(live.size - 1), last);
  const { history } = live;
  assert.ok(history.moments.every(([, row]) => row < history.rows.length));
  assert.ok(history.rows.every((row, place) => row.i === place));
  const tcb = history.tcbOf(1, 1, history.moments.length).now;
  const alone = new LiveHistory(7);
  alone.add(packets);
  assert.deepEqual(tcb, alone.history.tcbOf(1, 1, alone.history.moments.length).now);
});

test("rows that are told twice, or not at all, are survived", () => {
  const live = new LiveHistory(7);
  live.add({ ...packets, lost: 4 });
  live.add(packets);
  assert.equal(live.size, packets.rows.length);
  assert.equal(live.missed, 4);
  live.add({ ...packets, rows: [], moments: [["came", 99_999, 1, 1, packets.now, null]] });
});

test("the peer's states are names, several, or none", () => {
  const live = new LiveHistory(7);
  const rows = packets.rows
    .slice(0, 6)
    .map((row) => ({ ...row, states: [...row.states] as [string, string] }));
  rows[4]!.states[0] = "ESTABLISHED|CLOSE-WAIT";
  rows[5]!.states[0] = "";
  live.add({ ...packets, rows, moments: packets.moments.filter(([, row]) => row >= 0 && row < 6) });
  assert.equal(live.history.stateOf(0, 1, live.history.moments.length), "ESTABLISHED");
});

test("the ladder of one end has room for every label, and no two lines cross", () => {
  const live = new LiveHistory(7);
  live.add(packets);
  for (const compact of [false, true]) {
    const { y, from, to } = layOut(live.history, compact);
    let before = -Infinity;
    live.history.moments.forEach(([kind], i) => {
      if (kind === "tcb") return;
      assert.ok(y[i]! - before >= 24, `moment ${i}`);
      before = y[i]!;
    });
    const heights = (side: number) =>
      live.history.rows.map((row) =>
        row.kind !== 0 ? from[row.i]! : row.side === side ? from[row.i]! : to[row.i]!,
      );
    for (const side of [0, 1])
      assert.deepEqual(
        heights(side),
        [...heights(side)].sort((a, b) => a - b),
      );
  }
});

test("an address names a connection, a packet, or the last one", () => {
  assert.deepEqual(placeOf("#c=12&p=40"), { connection: 12, row: 40, isLast: false });
  assert.deepEqual(placeOf("#last"), { ...kNowhere, isLast: true });
  for (const odd of ["", "#", "#c=", "#c=-4", "#c=x&p=3", "#p=3", "#c=1e3", "#<script>"])
    assert.equal(placeOf(odd).connection, 0, odd);
  assert.equal(placeOf("#c=5&p=-1").row, -1);
  for (const text of ["#last", "#c=12", "#c=12&p=0"]) assert.equal(fragmentOf(placeOf(text)), text);
});

test("a link's effects are changed one by one, and what is not known is kept", () => {
  const out = "loss=2%,burst=0.5%x8,delay=20ms";
  assert.equal(effectOf(out, "delay"), "20ms");
  assert.equal(withEffect(out, "loss", ""), "burst=0.5%x8,delay=20ms");
  assert.equal(
    wholeSpec({ in: "loss=1%", out: withEffect(out, "loss", "5%") }),
    "in:loss=1%,out:burst=0.5%x8,out:delay=20ms,out:loss=5%",
  );
  assert.equal(wholeSpec({ in: "", out: "" }), "");
});

test("the table sorts numbers as numbers and addresses as people do, and finds every word", () => {
  const row = (id: number, peer: string, sent: number) => ({ ...recording.connection, id, peer, sent });
  const rows = [row(1, "192.0.2.10:1", 9), row(2, "192.0.2.9:1", 100), row(3, "192.0.2.9:1", 100)];
  const ids = (column: "peer" | "sent", isDescending: boolean) =>
    sorted(rows, { column, isDescending }).map(({ id }) => id);
  assert.deepEqual(ids("sent", true), [3, 2, 1]);
  assert.deepEqual(ids("sent", false), [1, 3, 2]);
  assert.deepEqual(ids("peer", false), [3, 2, 1]);
  assert.ok(fits(rows[0]!, "2.10 idol"));
  assert.ok(!fits(rows[0]!, "2.10 nothing"));
  assert.ok(fits(rows[0]!, ""));
  assert.equal(cellText({ ...rows[0]!, cwnd: 0xffffffff }, "cwnd"), "–");
});

test("amounts are as short as they can be", () => {
  assert.deepEqual([0, 999, 1000, 14_480, 999_600, 3_200_000].map(bytesText), [
    "0",
    "999 B",
    "1.00 kB",
    "14.5 kB",
    "1.00 MB",
    "3.20 MB",
  ]);
  assert.equal(rateText(0.2), "0 B/s");
});

test("a download in a few sentences, in both languages: what was seen, and nothing else", () => {
  const live = new LiveHistory(7);
  live.add(packets);
  const en = summaryOf(live, recording.connection, "en").join(" ");
  assert.match(en, /handshake took 40 ms/);
  assert.match(en, /GET \/img\/idol\.mp3/);
  assert.match(en, /410 kB left in 2\d\d segments/);
  assert.match(en, /segments were sent again: .*Retransmit/);
  assert.doesNotMatch(en, /LimitedTransmit/);
  assert.deepEqual(summaryOf(new LiveHistory(7), null, "en"), []);
  const late = new LiveHistory(7);
  late.add({ ...packets, rows: packets.rows.slice(50) });
  const zh = summaryOf(late, recording.connection, "zh").join("");
  assert.doesNotMatch(zh, /三次握手|报文段/);
  assert.match(zh, /13 个分组被重传/);
});

test("where packets are missing the ladder says how many, and the summary does not count what it has", () => {
  const live = new LiveHistory(7);
  const kept = packets.rows.filter(({ i }) => i < 3 || i >= 200);
  live.add({ ...packets, lost: 197, rows: kept });
  assert.equal(live.isWhole, false);
  assert.equal(live.missed, 197);
  assert.deepEqual([...live.history.missing], [[3, 197]]);
  const { pauses } = layOut(live.history, false);
  assert.deepEqual(
    pauses.filter(({ missing }) => missing).map(({ missing }) => missing),
    [197],
  );
  const en = summaryOf(live, recording.connection, "en").join(" ");
  assert.match(en, /handshake took 40 ms/);
  assert.match(en, /417 kB of data were sent\. 13 packets were sent again/);
  assert.doesNotMatch(en, /segments/);
});
