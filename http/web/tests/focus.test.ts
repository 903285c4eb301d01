// What a click lights: what each packet has to do with states, variables, numbers and timers.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Engine } from "../lab/engine/wasm";
import { graphSvg, ticks } from "../lab/graph_svg";
import { ladderSvg } from "../lab/ladder_svg";
import { statesSvg } from "../lab/states_svg";
import { focusOf, rowNear, rowOfNumber, rowOfState, rowOfVariable } from "../shared/focus";
import { History } from "../shared/history";
import { blocksOf } from "../shared/sequence_bars";
import { catalogue, placeOf, tables } from "../shared/tables";
import { timerName } from "../shared/timers";
import type { Side } from "../shared/types";

declare const BUILT_ENGINE: string;
const module = await WebAssembly.compile(await readFile(BUILT_ENGINE));

async function historyOf(name: string): Promise<History> {
  const engine = await Engine.create(module);
  const { text } = catalogue.scenarios.find((one) => one.name === name)!;
  assert.ok("scenario" in engine.open({ name, text, seed: 1, settings: [], edits: [] }, "en"));
  const history = new History();
  do history.add(engine.run(10_000));
  while (!history.isOver);
  return history;
}

/// The names of all timers that ever run at an end, in any scenario's history.
function timersIn(history: History, side: Side): Set<string> {
  const names = new Set<string>();
  for (let i = 1; i <= history.moments.length; ++i)
    for (const { name } of history.timersOf(side, 1, i)) names.add(name);
  return names;
}

test("every timer that runs is told by its name, when it was set, and when it ends", async () => {
  const handshake = await historyOf("handshake");
  const syn = handshake.rows.findIndex(({ kind }) => kind === 0);
  const [first] = handshake.timersOf(0, 1, handshake.left[syn]! + 1);
  assert.equal(first?.name, "Retransmit");
  assert.equal(first.end - first.set, 1e9, "the first RTO is 1 s (RFC 6298 §2.1)");
  assert.deepEqual(
    handshake.timersOf(0, 1, handshake.moments.length).map(({ name }) => name),
    ["TimeWait"],
  );
  assert.deepEqual(handshake.timersOf(0, 1, 0), []);
  const where: [string, Side, string][] = [
    ["delayed-ack", 1, "DelayedAck"],
    ["zero-window", 0, "Persist"],
    ["tail-loss-probe", 0, "TailLossProbe"],
    ["lost-syn-ack", 1, "Retransmit"],
  ];
  for (const [name, side, timer] of where) {
    const history = await historyOf(name);
    const seen = new Set([...timersIn(history, 0), ...timersIn(history, 1)]);
    assert.ok(seen.has(timer), `${name} (${side}): ${[...seen].join()}`);
  }
  for (const { key } of tables.timers) {
    for (const spoken of ["en", "zh"] as const) assert.notEqual(timerName(key, spoken), "");
  }
});

test("timers end when nothing is outstanding any more", async () => {
  const history = await historyOf("lost-syn");
  for (let i = 1; i <= history.moments.length; ++i) {
    const time = history.timeOf(i);
    for (const side of [0, 1] as Side[]) {
      for (const { end, set } of history.timersOf(side, 1, i)) {
        assert.ok(end >= time && set <= time, `moment ${i}: ${set} ${time} ${end}`);
      }
    }
  }
});

test("the sequence space tells what was reported, judged lost, and sent again", async () => {
  const history = await historyOf("sack-holes");
  const kinds = new Set<string>();
  for (let i = 1; i <= history.moments.length; ++i) {
    for (const side of [0, 1] as Side[]) {
      const { now } = history.tcbOf(side, 1, i);
      if (!now) continue;
      const value = (key: string) => Number(now[placeOf(key)]);
      const una = (value("snd_una") - value("iss")) >>> 0;
      for (const { from, to, what } of blocksOf(history, side, 1, i, value("iss"), una)) {
        assert.ok(from < to);
        kinds.add(what);
      }
    }
  }
  assert.deepEqual([...kinds].sort(), ["lost", "repeated", "sacked"]);
});

test("a packet lights its arrows, its variables and its numbers, and each of them leads to it", async () => {
  const history = await historyOf("handshake");
  const end = history.moments.length;
  const packets = history.rows.filter((row) => row.kind === 0);
  const [syn, synAck] = [packets[0]!, packets[1]!];
  const focus = focusOf(history, syn.i)!;
  assert.deepEqual(focus.steps[0], { from: "CLOSED", to: "SYN-SENT" });
  assert.deepEqual(focus.spans, [{ from: 0, to: 1 }, null]);
  const answer = focusOf(history, synAck.i)!;
  assert.deepEqual(answer.steps[0], { from: "SYN-SENT", to: "ESTABLISHED" });
  assert.deepEqual(answer.spans, [
    { from: 1, to: 1 },
    { from: 0, to: 1 },
  ]);
  assert.ok(answer.changed[0].has(placeOf("snd_una")));
  assert.equal(focusOf(history, 9999), null);
  assert.equal(rowOfState(history, 0, 1, end, "SYN-SENT"), syn.i);
  assert.equal(rowOfState(history, 0, 1, end, "ESTABLISHED"), synAck.i);
  assert.equal(rowOfState(history, 0, 1, 1, "ESTABLISHED"), -1, "not yet");
  const established = history.came[synAck.i]! + 1;
  assert.equal(rowOfVariable(history, 0, 1, established, "snd_una"), synAck.i);
  assert.equal(rowOfNumber(history, 1, 1, end, 0), synAck.i);
  assert.equal(rowNear(history, 1, 1, synAck.at + 1), synAck.i);
});

test("each figure is a picture of its own, in both languages", async () => {
  const history = await historyOf("sack-holes");
  for (const spoken of ["en", "zh"] as const) {
    const pictures = [
      ladderSvg(history, "A <title>", spoken),
      statesSvg(history, 1, history.moments.length, "A <title>", spoken),
      ...(["windows", "sequence", "roundTrips"] as const).map((name) =>
        graphSvg(history, { name, side: 1, connection: 1 }, "A <title>", spoken),
      ),
    ];
    for (const svg of pictures) {
      assert.match(svg, /^<svg [^>]*lang="(en|zh)"/);
      assert.match(svg, /<title>A &#60;title&#62;<\/title>/);
      assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
      assert.ok(svg.length > 1500, svg);
    }
    assert.equal(new Set(pictures).size, pictures.length);
  }
  assert.deepEqual(ticks(0, 10), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(ticks(3, 3), [3]);
});
