import assert from "node:assert/strict";
import { readingText } from "../../../src/commands/config.ts";
import { EVENT_SHAPE } from "../../../src/event.ts";

Deno.test("config says how events are read, and why in the plain way", () => {
  const auto = { fastPath: "auto" } as const;
  assert.match(readingText(auto, EVENT_SHAPE), /^Events are scanned/);
  const union = { shape: null, unsupported: "a: union" };
  assert.match(readingText(auto, union), /^Events are decoded, .*: a: union$/);
  assert.match(readingText({ fastPath: "off" }, EVENT_SHAPE), /FAST_PATH=off$/);
});
