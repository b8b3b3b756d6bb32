import assert from "node:assert/strict";
import { display } from "../../../src/handlers/display.ts";
import { createHandlers } from "../../../src/handlers/mod.ts";
import { HandlerTable } from "../../../src/processing/handler.ts";
import type { HandlerContext } from "../../../src/processing/message.ts";
import { RecordingLogger } from "../../support/recording_telemetry.ts";
import { sampleEvent } from "../../support/sample_event.ts";

function contextWith(logger: RecordingLogger): HandlerContext {
  return {
    topic: "user-activity-events",
    partition: 3,
    offset: 42,
    timestamp: 0,
    key: null,
    headers: [],
    attempt: 1,
    dryRun: false,
    signal: new AbortController().signal,
    logger,
  };
}

const LEVELS: readonly { readonly environment: string; readonly level: string }[] = [
  { environment: "development", level: "info" },
  { environment: "production", level: "debug" },
  { environment: "staging", level: "debug" },
];

for (const { environment, level } of LEVELS) {
  Deno.test(`display() shows each event at ${level} in ${environment}`, () => {
    const logger = new RecordingLogger();
    const answer = display({ environment })(sampleEvent(), contextWith(logger));
    assert.equal(answer, undefined, "it is synchronous");
    assert.deepEqual(logger.lines, [{
      level,
      text: "Processing event: {event_type}",
      fields: {
        event_type: "page_view",
        event_id: sampleEvent().event_id,
        partition: 3,
        offset: 42,
      },
    }]);
  });
}

Deno.test("createHandlers() displays every event by default", () => {
  const handlers = createHandlers({ environment: "development" });
  assert.deepEqual(handlers.byType, {});
  const table = new HandlerTable(handlers);
  const logger = new RecordingLogger();
  void table.find("any")(sampleEvent(), contextWith(logger));
  assert.equal(logger.lines.length, 1);
  assert.equal(table.isDryRunnable("any"), true);
});
