// Links hold a run whole, and nothing of a link is believed that is not of its form.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fragmentOf, placeOf } from "../lab/link";

const spec = {
  name: "sack-holes",
  text: "chapter data",
  seed: 42,
  settings: [["client.sack", "off"]] as [string, string][],
  edits: ["lose client packet 3", "delay server packet 4 by 25ms"],
};

test("a link brings back what it was made of", () => {
  const place = placeOf(`#${fragmentOf(spec, false)}`)!;
  assert.deepEqual(
    { ...place },
    { name: spec.name, seed: 42, settings: spec.settings, edits: spec.edits, text: null },
  );
});

test("a scenario of one's own is in the link as text", () => {
  const text = "# 注释 & so on\nlink both delay=5ms\n";
  assert.equal(placeOf(fragmentOf({ ...spec, name: "own", text }, true))!.text, text);
});

test("what has another form is left out", () => {
  assert.equal(placeOf(""), null);
  assert.equal(placeOf("#s=<script>"), null);
  const place = placeOf(
    "#s=handshake&seed=-3&set=nonsense&edit=lose%20client%20packet%203%0Achapter%20x&edit=lose%20client%20packet%201",
  )!;
  assert.equal(place.seed, 0);
  assert.deepEqual(place.settings, []);
  assert.deepEqual(place.edits, ["lose client packet 1"]);
});
