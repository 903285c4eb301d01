// A packet's fields: values that were read by hand from its bytes, and every byte explained once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addressText, fieldsOf } from "../shared/packet_fields";

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

const kSyn6 =
  "6002f3a100200640" +
  "20010db8000000000000000000000001" +
  "20010db8000000000000000000000002" +
  "ada00050179431ec0000000080c2ffff8b3f0000" +
  "020405a001030307" +
  "04020101";

test("the same over IPv6", () => {
  const fields = fieldsOf(kSyn6, 72);
  const value = (name: string) => fields.find((field) => field.name === name)?.value;
  assert.equal(value("Source"), "2001:db8::1");
  assert.equal(value("Destination"), "2001:db8::2");
  assert.equal(value("Next Header"), "6 (TCP)");
  assert.equal(value("Hop Limit"), "64");
  assert.equal(value("Flow Label"), "0x2f3a1");
  assert.equal(value("Flags"), "SYN, ECE, CWR");
  assert.equal(value("MSS"), "1440");
  const covered = new Array<number>(72).fill(0);
  for (const { start, end } of fields) for (let i = start; i < end; ++i) covered[i]! += 1;
  assert.deepEqual(covered, new Array<number>(72).fill(1));
});

test("IPv6 addresses are written as RFC 5952 says", () => {
  const of = (hex: string) => addressText([...hex.matchAll(/../g)].map(([byte]) => parseInt(byte, 16)));
  assert.equal(of("00000000000000000000000000000001"), "::1");
  assert.equal(of("20010db8000000010001000100010001"), "2001:db8:0:1:1:1:1:1");
  assert.equal(of("fe800000000000000000000000000000"), "fe80::");
  assert.equal(of("20010db8000000000001000000000001"), "2001:db8::1:0:0:1");
});

test("cut and odd packets are survived", () => {
  for (let length = 0; length <= kSyn.length; length += 2) fieldsOf(kSyn.slice(0, length), 60);
  assert.deepEqual(fieldsOf("50000000", 40), []);
  for (let length = 0; length <= kSyn6.length; length += 2) fieldsOf(kSyn6.slice(0, length), 72);
  // An option whose length is zero ends the list.
  const endless = kSyn.slice(0, 80) + "0500" + kSyn.slice(84);
  assert.ok(fieldsOf(endless, 60).length > 0);
});
