// A packet's fields: values that were read by hand from its bytes, and every byte explained once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf } from "../shared/packet_fields";

const kSyn =
  "4500003c000040004006b6b8c0000201c0000202ada00050179431ec00000000a00210008b3f0000" +
  "020405b40402080aafe481670000000001030307";

test("a SYN with its options", () => {
  const fields = fieldsOf(kSyn, 60);
  const value = (name: string) => fields.find((field) => field.name === name)?.value;
  assert.equal(value("Source"), "192.0.2.1");
  assert.equal(value("Destination Port"), "80");
  assert.equal(value("Sequence Number"), String(0x179431ec));
  assert.equal(value("Flags"), "SYN");
  assert.equal(value("MSS"), "1460");
  assert.equal(value("Window Scale"), "7");
  assert.equal(value("Timestamps"), `${0xafe48167}, 0`);
  assert.equal(value("Header Checksum"), "0xb6b8");
});

test("every byte belongs to one field, and all have words in both languages", () => {
  const covered = new Array<number>(60).fill(0);
  for (const { start, end, meaning } of fieldsOf(kSyn, 60)) {
    for (let i = start; i < end; ++i) covered[i]! += 1;
    assert.ok(meaning[0] !== "" && meaning[1] !== "");
  }
  assert.deepEqual(covered, new Array<number>(60).fill(1));
});

test("cut and odd packets are survived", () => {
  for (let length = 0; length <= kSyn.length; length += 2) fieldsOf(kSyn.slice(0, length), 60);
  assert.deepEqual(fieldsOf("60000000", 40), []);
  // An option whose length is zero ends the list.
  const endless = kSyn.slice(0, 80) + "0500" + kSyn.slice(84);
  assert.ok(fieldsOf(endless, 60).length > 0);
});
