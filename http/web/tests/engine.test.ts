// The engine as the page has it: WebAssembly, driven from Node.js.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { zlibSync } from "fflate";
import { Checkpoints } from "../lab/engine/checkpoints";
import { Host, type News, type Order } from "../lab/engine/host";
import { Engine } from "../lab/engine/wasm";
import { History } from "../shared/history";
import { compactLines, layOut } from "../shared/ladder_layout";
import { catalogue, tables } from "../shared/tables";
import type { Batch, Spec } from "../shared/types";

declare const BUILT_ENGINE: string;
const module = await WebAssembly.compile(await readFile(BUILT_ENGINE));

function specOf(name: string, more: Partial<Spec> = {}): Spec {
  const entry = catalogue.scenarios.find((one) => one.name === name)!;
  return { name, text: entry.text, seed: 1, settings: [], edits: [], ...more };
}

/// Everything that a run tells, a number of steps at a time.
async function runOf(spec: Spec, steps = 100_000): Promise<Batch[]> {
  const engine = await Engine.create(module);
  const opened = engine.open(spec, "en");
  assert.ok("scenario" in opened, JSON.stringify(opened));
  const batches: Batch[] = [];
  do batches.push(engine.run(steps));
  while (batches.at(-1)!.ending < 0);
  return batches;
}

async function historyOf(spec: Spec, steps = 100_000): Promise<History> {
  const history = new History();
  for (const batch of await runOf(spec, steps)) history.add(batch);
  return history;
}

test("every scenario runs to its end, and has its story in both languages", async () => {
  assert.ok(catalogue.scenarios.length > 0);
  for (const { name, chapter, titles } of catalogue.scenarios) {
    const engine = await Engine.create(module);
    const opened = engine.open(specOf(name), "zh");
    assert.ok("scenario" in opened, name);
    for (const story of opened.scenario.stories) {
      for (const text of Object.values(story)) assert.notEqual(text, "", name);
    }
    assert.ok(titles.every((title) => title !== ""));
    assert.ok(
      catalogue.chapters.some(({ key }) => key === chapter),
      `${name}: ${chapter}`,
    );
    const history = new History();
    do history.add(engine.run(1000));
    while (!history.isOver);
    assert.notEqual(history.ending, 2, `${name} is endless`);
    assert.ok(history.rows.length > 0, name);
    assert.equal(
      history.rows.findIndex((row) => row === undefined),
      -1,
      name,
    );
  }
});

test("slices make no difference, nor does a second run", async () => {
  const whole = await historyOf(specOf("handshake"));
  const sliced = await historyOf(specOf("handshake"), 1);
  assert.deepEqual(sliced.moments, whole.moments);
  assert.deepEqual(sliced.rows, whole.rows);
});

test("what an application does stands behind what it answers, and before what it sends", async () => {
  const { moments, rows, came } = await historyOf(specOf("byte-stream"));
  const writes = moments.flatMap(([kind, row, side], i) =>
    kind === "did" && side === 0 && rows[row]!.text!.includes("writes") ? [i] : [],
  );
  const [synAck, first] = [1, 2].map((n) => rows.filter((row) => row.kind === 0)[n]!.i);
  const sent = moments.findIndex(([kind, row]) => kind === "sent" && row === first);
  assert.equal(writes.length, 3);
  assert.ok(came[synAck!]! < writes[0]!, "the SYN-ACK comes before the first write");
  assert.ok(writes[0]! < sent && sent < writes[1]!, "each write is sent before the next one");
});

test("what an application does right after a packet left does not lie on the packet's label", async () => {
  const history = await historyOf(specOf("byte-stream"));
  const { moments, rows } = history;
  const { y, from, to } = layOut(history, false);
  let seen = 0;
  moments.forEach(([kind, , side], i) => {
    const before = moments[i - 1];
    if (kind !== "did" || before?.[0] !== "sent" || before[2] !== side) return;
    const row = before[1];
    ++seen;
    assert.ok(y[i]! >= from[row]! + ((to[row]! - from[row]!) * 200) / 480 + 15, rows[row]!.label!);
  });
  assert.ok(seen > 0);
});

test("on a phone nothing lies on the words of what happened", async () => {
  assert.equal(compactLines("the application writes 86 bytes"), 1);
  assert.equal(compactLines("the application opens a connection to port 80"), 2);
  assert.equal(compactLines("应用程序主动打开，连接对方的端口 80"), 2);
  const history = await historyOf(specOf("handshake"));
  const { y } = layOut(history, true);
  history.moments.forEach(([kind, row], i) => {
    const next = history.moments.findIndex(([other], j) => j > i && other !== "tcb");
    if (kind !== "did" || next < 0) return;
    const { text, changed } = history.rows[row]!;
    const height = 20 * compactLines(text!) + (changed.some((one) => one) ? 22 : 0);
    // The label of a packet stands above its line.
    const above = history.moments[next]![0] === "sent" ? 24 : 12;
    assert.ok(y[next]! - above >= y[i]! - 12 + height, `${text}: ${y[next]! - y[i]!}`);
  });
});

test("a packet that an edit loses is lost, and history forks there and not before", async () => {
  const before = await historyOf(specOf("handshake"));
  const row = before.rows.findIndex((one) => one.kind === 0 && one.side === 1);
  assert.equal(before.ordinal(row), 1);
  const after = await historyOf(specOf("handshake", { edits: ["lose server packet 1"] }));
  assert.deepEqual(
    after.rows.slice(0, row).map(({ label }) => label),
    before.rows.slice(0, row).map(({ label }) => label),
  );
  assert.equal(after.rows[row]!.label, before.rows[row]!.label);
  assert.equal(after.rows[row]!.arrived, -1);
  assert.ok(after.rows.some((one) => one.reason === "SynAckRetransmit" || one.reason === "SynRetransmit"));
});

test("a fork from a checkpoint is the run that the edit's line in the text makes", async () => {
  const text = [
    "chapter data\nlink both delay=5ms rate=20mbit\nat 0ms server listen\nat 1ms client connect",
    "on client connected client write 3M\non client acked client close\non server end server close\n",
  ].join("\n");
  const spec: Spec = { name: "own", text, seed: 1, settings: [], edits: [] };
  const seen = new Map<number, History>();
  const news: News[] = [];
  const host = new Host((one) => news.push(one));
  const take = async (run: number, order: Order) => {
    await host.take(order);
    let history = seen.get(run) ?? new History();
    for (const one of news.splice(0)) {
      assert.notEqual(one.kind, "failed", JSON.stringify(one));
      if (one.kind === "forked") {
        assert.ok(one.moments > 0, "a checkpoint of the middle was used");
        history = seen.get(run - 1)!.until(one.moments, one.rows);
      }
      if (one.kind === "batch") history.add(one.batch);
    }
    seen.set(run, history);
    return history;
  };
  const packed = zlibSync(await readFile(BUILT_ENGINE));
  await host.take({ kind: "start", module: Buffer.from(packed).toString("base64") });
  const first = await take(1, { kind: "open", run: 1, spec, language: "en" });
  assert.ok(first.moments.length > 3000);
  const nth = (n: number) =>
    first.rows.findIndex((row) => row.kind === 0 && row.side === 0 && first.ordinal(row.i) === n);
  const edits: string[] = [];
  // The second one lies before the first one: its checkpoint does not know of that.
  for (const [run, n, line] of [
    [2, 1700, "lose client packet 1700"],
    [3, 1500, "delay client packet 1500 by 30ms"],
    [4, 1900, "duplicate client packet 1900 after 3ms"],
  ] as const) {
    edits.push(line);
    const forked = await take(run, { kind: "fork", run, moment: first.left[nth(n)]!, edits: [...edits] });
    const whole = await historyOf({ ...spec, edits: [...edits] });
    assert.equal(forked.moments.length, whole.moments.length);
    assert.deepEqual(forked.moments, whole.moments);
    assert.deepEqual(forked.rows, whole.rows);
    assert.deepEqual(forked.came, whole.came);
  }
});

test("a flood belongs to no connection of the two hosts", async () => {
  const history = await historyOf(specOf("syn-flood"));
  assert.deepEqual([...history.connections], [1]);
  assert.ok(history.rows.some((row) => row.connection === 0 && row.forged));
});

test("checkpoints stay below their limit", () => {
  const checkpoints = new Checkpoints(40 * 4096);
  const memory = new Int32Array(8 * 1024);
  for (let i = 0; i < 100; ++i) {
    memory.fill(i);
    checkpoints.add(memory.buffer, { moments: i, rows: i, edits: [] });
    assert.ok(checkpoints.size <= 40 * 4096);
  }
  assert.ok(checkpoints.count > 1);
  const at = checkpoints.restore(memory.buffer, 50)!;
  assert.ok(at.moments <= 50);
  assert.deepEqual(new Set(memory), new Set([at.moments]));
});

test("what is wrong in a text is told with its line, whatever edits stand before it", async () => {
  const engine = await Engine.create(module);
  const text = "chapter data\nlink both delay=20ms\nnonsense here\n";
  const opened = engine.open(
    { name: "own", text, seed: 1, settings: [], edits: ["lose client packet 1"] },
    "en",
  );
  assert.ok("error" in opened);
  assert.equal(opened.error.line, 3);
  const set = engine.open(specOf("handshake", { settings: [["client.sakc", "off"]] }), "en");
  assert.ok("error" in set);
  assert.equal(set.error.line, 0);
});

test("the capture of either end is a pcapng file", async () => {
  const engine = await Engine.create(module);
  for (const side of [0, 1] as const) {
    const bytes = engine.capture(specOf("handshake"), "en", side)!;
    assert.deepEqual([...bytes.slice(0, 4)], [0x0a, 0x0d, 0x0d, 0x0a]);
  }
});

test("states, TCBs and positions follow the moments", async () => {
  const history = await historyOf(specOf("handshake"));
  const end = history.moments.length;
  assert.deepEqual(history.pathOf(0, 1, end).slice(0, 4), [
    "CLOSED",
    "SYN-SENT",
    "ESTABLISHED",
    "FIN-WAIT-1",
  ]);
  assert.deepEqual(history.pathOf(1, 1, end).slice(0, 4), [
    "CLOSED",
    "LISTEN",
    "SYN-RECEIVED",
    "ESTABLISHED",
  ]);
  assert.equal(history.stateOf(0, 1, 0), "CLOSED");
  assert.equal(history.indexAt(history.length), end);
  assert.equal(history.tcbOf(0, 1, 0).now, null);
  assert.equal(history.tcbOf(0, 1, end).now?.length, tables.tcb.length);
  for (let index = 0; index < end; index = history.next(index)) {
    assert.ok(history.next(index) > index);
    assert.ok(history.previous(history.next(index)) <= history.next(index));
  }
});

test("in a ladder time never runs upwards, and every line goes down", async () => {
  for (const { name } of catalogue.scenarios) {
    const history = await historyOf(specOf(name));
    for (const compact of [false, true]) {
      const layout = layOut(history, compact);
      for (let i = 1; i < layout.y.length; ++i) assert.ok(layout.y[i]! >= layout.y[i - 1]!, name);
      for (const row of history.rows) {
        if (row.kind === 0) assert.ok(layout.to[row.i]! > layout.from[row.i]!, `${name}, row ${row.i}`);
      }
    }
  }
});
