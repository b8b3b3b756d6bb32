import assert from "node:assert/strict";
import type { EnrichedEvent } from "../../../src/event.ts";
import {
  type EventPath,
  type Handler,
  handler,
  HandlerTable,
  type Read,
} from "../../../src/processing/handler.ts";
import type { HandlerContext } from "../../../src/processing/message.ts";
import { sampleEvent } from "../../support/sample_event.ts";

const CONTEXT = {} as HandlerContext;

/** What a handler with these `reads` gets of an event. */
function read(reads: readonly EventPath[], event: EnrichedEvent = sampleEvent()): unknown {
  let got: unknown = "nothing";
  const reading = handler({
    reads,
    handle: (part) => {
      got = part;
    },
  });
  void new HandlerTable({ byType: {}, default: reading }).find("any")(event, CONTEXT);
  return got;
}

Deno.test("HandlerTable.find() answers the handler of the type, else the default", () => {
  const called: string[] = [];
  const named = (name: string): Handler => () => {
    called.push(name);
  };
  const table = new HandlerTable({
    byType: { page_view: named("page_view") },
    default: named("default"),
  });
  for (const type of ["page_view", "click", "constructor", "__proto__", "toString"]) {
    void table.find(type)(sampleEvent({ event_type: type }), CONTEXT);
  }
  assert.deepEqual(called, ["page_view", "default", "default", "default", "default"]);
});

Deno.test("A handler that is a function gets the very event and context", () => {
  const event = sampleEvent();
  const got: unknown[] = [];
  const table = new HandlerTable({ byType: {}, default: (...all) => void got.push(...all) });
  void table.find("any")(event, CONTEXT);
  assert.ok(got[0] === event && got[1] === CONTEXT);
});

const SELECTIONS: readonly {
  readonly name: string;
  readonly reads: readonly EventPath[];
  readonly event?: EnrichedEvent;
  readonly gets: unknown;
}[] = [
  { name: "nothing", reads: [], gets: {} },
  { name: "a field", reads: ["user_id"], gets: { user_id: "user-123" } },
  {
    name: "fields of an object, and no other",
    reads: ["client_info.language", "client_info.user_agent"],
    gets: { client_info: { language: "en-US", user_agent: "Mozilla/5.0..." } },
  },
  {
    name: "a whole object",
    reads: ["client_info"],
    gets: { client_info: sampleEvent().client_info },
  },
  {
    name: "a whole object that is also named in part, first",
    reads: ["client_info.language", "client_info"],
    gets: { client_info: sampleEvent().client_info },
  },
  {
    name: "a whole object that is also named in part, last",
    reads: ["client_info", "client_info.language"],
    gets: { client_info: sampleEvent().client_info },
  },
  {
    name: "a path in the free-form part",
    reads: ["event_data.form_data.field1"],
    gets: { event_data: { form_data: { field1: "value1" } } },
  },
  {
    name: "no field that is not there",
    reads: ["event_data.form_data.field2", "event_data.other.deep"],
    gets: { event_data: { form_data: {} } },
  },
  {
    name: "nothing below what is no object",
    reads: ["event_data.a.b", "event_data.c.length", "event_data.d.x"],
    event: sampleEvent({ event_data: { a: null, c: [1], d: "text" } }),
    gets: { event_data: {} },
  },
  {
    name: "no inherited field",
    reads: ["event_data.toString", "event_data.constructor.name"],
    gets: { event_data: {} },
  },
  {
    name: "null where it is",
    reads: ["event_data.a"],
    event: sampleEvent({ event_data: { a: null } }),
    gets: { event_data: { a: null } },
  },
];

for (const { name, reads, event, gets } of SELECTIONS) {
  Deno.test(`A handler that reads ${JSON.stringify(reads)} gets ${name}`, () => {
    assert.deepEqual(read(reads, event), gets);
  });
}

for (const path of ["event_data.", "event_data..a", "event_data.__proto__.a"] as EventPath[]) {
  Deno.test(`HandlerTable refuses the path ${path}`, () => {
    assert.throws(() => read([path]), {
      name: "TypeError",
      message: `Correct the path in the handler's reads: ${path}`,
    });
  });
}

Deno.test("handler() knows the type of what is read, and refuses other paths", () => {
  const typed = handler({
    reads: ["user_id", "client_info.language", "event_data.form_data.field1"],
    handle: (event) => {
      const userId: string = event.user_id;
      const language: string = event.client_info.language;
      const field: unknown = event.event_data.form_data?.field1;
      // @ts-expect-error it was not declared
      const other: unknown = event.session_id;
      // @ts-expect-error it was not declared
      const agent: unknown = event.client_info.user_agent;
      assert.deepEqual([userId, language, field], ["user-123", "en-US", "value1"]);
      assert.deepEqual([other, agent], [undefined, undefined]);
    },
  });
  // @ts-expect-error there is no such field
  handler({ reads: ["user"], handle: () => {} });
  // @ts-expect-error there is none in there, either
  handler({ reads: ["client_info.os"], handle: () => {} });
  void new HandlerTable({ byType: {}, default: typed }).find("any")(sampleEvent(), CONTEXT);
});

Deno.test("Read merges paths into one object", () => {
  const part: Read<"client_info.language" | "client_info.user_agent" | "processing_info"> = {
    client_info: { language: "en", user_agent: "curl" },
    processing_info: { received_at: "", processed_at: "", processing_ms: 1 },
  };
  const ms: number = part.processing_info.processing_ms;
  assert.equal(ms, 1);
});

Deno.test("HandlerTable.isDryRunnable() believes only a handler that says so itself", () => {
  const table = new HandlerTable({
    byType: {
      yes: handler({ dryRunnable: true, reads: ["user_id"], handle: () => {} }),
      no: handler({ dryRunnable: false, handle: () => {} }),
      silent: handler({ handle: () => {} }),
      plain: () => {},
    },
    default: handler({ dryRunnable: true, handle: () => {} }),
  });
  const types = ["yes", "no", "silent", "plain", "any", "constructor", "__proto__"];
  assert.deepEqual(types.filter((type) => table.isDryRunnable(type)), [
    "yes",
    "any",
    "constructor",
    "__proto__",
  ]);
});

Deno.test("A handler that declares itself, and not what it reads, gets the very event", () => {
  const event = sampleEvent();
  let got: unknown;
  const declared = handler({ dryRunnable: true, handle: (each) => void (got = each) });
  void new HandlerTable({ byType: {}, default: declared }).find("any")(event, CONTEXT);
  assert.equal(got, event);
});
