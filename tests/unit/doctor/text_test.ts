import assert from "node:assert/strict";
import { counted, dateText, durationText, listed, plain } from "../../../src/doctor/text.ts";

Deno.test("durationText() takes the largest unit of which there are two, or just one", () => {
  assert.equal(durationText(604_800_000), "7 days");
  assert.equal(durationText(3_600_000), "1 hour");
  assert.equal(durationText(5_400_000), "90 minutes");
  assert.equal(durationText(12), "12 ms");
});

Deno.test("counted() and listed() read well for one, for many and for very many", () => {
  assert.equal(counted(1, "message"), "1 message");
  assert.equal(counted(12_000, "message"), "12,000 messages");
  assert.equal(listed(["a", "b", "c"], 2), "a, b and 1 more");
});

Deno.test("dateText() is a day, and a number for what is no day", () => {
  assert.equal(dateText(Date.UTC(2026, 11, 24)), "2026-12-24");
  assert.equal(dateText(Number.MAX_SAFE_INTEGER), String(Number.MAX_SAFE_INTEGER));
});

Deno.test("plain() is one line that a terminal does not obey", () => {
  assert.equal(plain("a\r\n\x1b[31mb\x9b"), "a [31mb ");
});
