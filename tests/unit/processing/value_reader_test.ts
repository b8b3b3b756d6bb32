import assert from "node:assert/strict";
import { decode } from "../../../src/processing/decode.ts";
import { handler, type Handlers, HandlerTable } from "../../../src/processing/handler.ts";
import { valueReader } from "../../../src/processing/value_reader.ts";
import { eventScanner } from "../../support/reading.ts";
import { bytesOf, sampleEvent } from "../../support/sample_event.ts";

const WHOLE = handler({ handle: () => {} });
const THREE = handler({ reads: ["user_id", "event_type", "client_info.language"], handle() {} });
/** The shape does not have it: it is taken from the whole event. */
const DEEP = handler({ reads: ["event_data.form_data.field1", "user_id"], handle: () => {} });

const TABLES: readonly (readonly [what: string, handlers: Handlers])[] = [
  ["the whole event", { byType: {}, default: WHOLE }],
  ["what is read of it", { byType: {}, default: THREE }],
  ["what is read of what is free-form", { byType: {}, default: DEEP }],
  ["its type's handler", { byType: { page_view: THREE }, default: WHOLE }],
  ["the default handler", { byType: { other: THREE }, default: WHOLE }],
];
const VALUES: readonly (readonly [what: string, value: Uint8Array])[] = [
  ["an event", bytesOf(sampleEvent())],
  ["one that the scanner is not sure of", bytesOf(sampleEvent({ page_url: "app://screen/" }))],
  ["one with more fields", bytesOf({ added: 1, ...sampleEvent() })],
  ["what is no event", bytesOf({ ...sampleEvent(), user_id: 7 })],
];

for (const [what, handlers] of TABLES) {
  Deno.test(`valueReader() finds ${what}, scanned or decoded`, () => {
    const table = new HandlerTable(handlers);
    const plain = valueReader({ handlers: table, decode, scanner: null });
    const scanning = valueReader({ handlers: table, decode, scanner: eventScanner() });
    for (const [kind, value] of VALUES) {
      const [expected, actual] = [plain(value), scanning(value)];
      assert.deepEqual(actual, expected, kind);
      if (expected.failure !== null || actual.failure !== null) continue;
      assert.equal(JSON.stringify(actual.event), JSON.stringify(expected.event), kind);
    }
  });
}

Deno.test("valueReader() decodes nothing of what is surely valid", () => {
  const handlers = new HandlerTable({ byType: {}, default: WHOLE });
  const scanner = eventScanner();
  const read = valueReader({
    handlers,
    scanner,
    decode: () => assert.fail("it is decoded"),
  });
  assert.equal(read(bytesOf(sampleEvent())).failure, null);
});
