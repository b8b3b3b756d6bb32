import assert from "node:assert/strict";
import { contentText, showContent } from "../../../../src/commands/dead_letters/content.ts";
import { parsePlace } from "../../../../src/commands/dead_letters/show.ts";
import { placeText } from "../../../../src/commands/dead_letters/table.ts";
import { ExitError } from "../../../../src/ops/exit.ts";
import { bytesOf } from "../../../support/sample_event.ts";

Deno.test("parsePlace() reads a place as the list and the log write it", () => {
  const place = { topic: "user-events.dlq", partition: 3, offset: 41 };
  assert.deepEqual(parsePlace(placeText(place)), place);
  assert.deepEqual(parsePlace("user-events.dlq/3/41"), place);
  for (const wrong of ["", "t", "t/1", "t[1]", "t[1]/2", "t[-1]@2", "t[1]@2x", "a b[1]@2"]) {
    assert.throws(() => parsePlace(wrong), ExitError, wrong);
  }
});

Deno.test("showContent() shows JSON, text and bytes as what they are", () => {
  assert.deepEqual(contentText("Key", showContent(null)), ["Key: null"]);
  assert.deepEqual(contentText("Key", showContent(new Uint8Array())), ["Key: 0 bytes"]);
  assert.deepEqual(contentText("Value", showContent(bytesOf('{"a":[1]}'))), [
    "Value, 9 bytes, JSON",
    "  {",
    '    "a": [',
    "      1",
    "    ]",
    "  }",
  ]);
  assert.deepEqual(contentText("Key", showContent(bytesOf("user-7"))), [
    "Key, 6 bytes, text",
    "  user-7",
  ]);
  assert.deepEqual(contentText("Value", showContent(new Uint8Array([0xc3, 0x28]))), [
    "Value, 2 bytes, not UTF-8, hexadecimal",
    "  c328",
  ]);
});

Deno.test("showContent() lets nothing through that a terminal would obey, and has a bound", () => {
  const hostile = "\x1b[2J\x9b31m\x07red\r\nnext\u2028";
  assert.equal(showContent(bytesOf(hostile)).text, " [2J 31m red \nnext ");
  const inJson = showContent(bytesOf(JSON.stringify({ a: "\x9b31m\x1b[0m" })));
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(inJson.text, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  const long = showContent(bytesOf("x".repeat(100_000)));
  assert.deepEqual([long.text.length, long.bytes, long.isWhole], [16_384, 100_000, false]);
  assert.equal(showContent(new Uint8Array(1_000).fill(0xff)).text.length, 512);
});
