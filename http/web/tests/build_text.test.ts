// Whatever the form of one's own scenario says, the engine reads the text, and the run ends.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { kFirstEnd, kFirstForm, kFirstWay, textOfForm, type Form } from "../lab/build_text";
import { kEndKnobs, kLinkKnobs } from "../lab/knob_table";
import { Engine } from "../lab/engine/wasm";

declare const BUILT_ENGINE: string;
const module = await WebAssembly.compile(await readFile(BUILT_ENGINE));

async function opens(text: string, settings: [string, string][] = []): Promise<void> {
  const engine = await Engine.create(module);
  const opened = engine.open({ name: "own", text, seed: 7, settings, edits: [] }, "en");
  assert.ok("scenario" in opened, `${JSON.stringify(opened)}\n${text}\n${settings}`);
  let batch = engine.run(100_000);
  while (batch.ending < 0) batch = engine.run(100_000);
  assert.notEqual(batch.ending, 2, text);
}

test("every value of every knob is one that the engine takes, in the form and beside a scenario", async () => {
  for (const { key, values } of kEndKnobs) {
    for (const value of values) {
      const form: Form = {
        ...kFirstForm,
        ends: [
          { ...kFirstEnd, settings: { [key]: value } },
          { ...kFirstEnd, writes: 3000 },
        ],
      };
      const text = textOfForm(form);
      assert.match(text, new RegExp(`^set client ${key}=${value}$`, "m"));
      await opens(text);
      await opens(textOfForm(kFirstForm), [[`server.${key}`, value]]);
    }
  }
  for (const { key, values } of kLinkKnobs) {
    for (const value of values) await opens(textOfForm(kFirstForm), [[`client.${key}`, value]]);
  }
});

test("every choice of the form makes a scenario that runs to its end", async () => {
  const busy = {
    ...kFirstWay,
    jitterMs: 400,
    lossPercent: 2.5,
    reorderPercent: 1,
    duplicatePercent: 1,
    rateMbit: 0.25,
    queue: 5,
  };
  for (const reading of ["all", "slowly", "never"] as const) {
    for (const closer of ["client", "server"] as const) {
      for (const ending of ["close", "abort"] as const) {
        for (const [clientWrites, serverWrites] of [
          [0, 0],
          [500, 20_000],
          [3000, 0],
        ] as const) {
          const form: Form = {
            ...kFirstForm,
            ways: [kFirstWay, busy],
            ends: [
              { ...kFirstEnd, writes: clientWrites },
              { ...kFirstEnd, writes: serverWrites, reading, times: 3 },
            ],
            closer,
            ending,
          };
          const text = textOfForm(form);
          const engine = await Engine.create(module);
          const opened = engine.open({ name: "own", text, seed: 7, settings: [], edits: [] }, "en");
          assert.ok("scenario" in opened, `${JSON.stringify(opened)}\n${text}`);
          let batch = engine.run(100_000);
          while (batch.ending < 0) batch = engine.run(100_000);
          assert.notEqual(batch.ending, 2, text);
        }
      }
    }
  }
});
