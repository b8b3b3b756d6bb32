import assert from "node:assert/strict";
import { PermanentError } from "../../../src/processing/failure.ts";
import { plainFields, revived } from "../../../src/workers/plain_error.ts";
import { RelayedLog, writeLine } from "../../../src/workers/relayed_log.ts";
import type { LogNews } from "../../../src/workers/protocol.ts";
import { RecordingLogger } from "../../support/recording_telemetry.ts";

Deno.test("plainFields() makes whatever a handler logs ready for another thread", () => {
  const odd = { f: () => 1, bytes: new Uint8Array(3), big: 2n, none: undefined, list: [1, "a"] };
  const { fields, error } = structuredClone(plainFields({ ...odd, text: "x" }));
  assert.equal(error, null);
  assert.equal(typeof fields["f"], "string");
  assert.deepEqual({ ...fields, f: "" }, {
    f: "",
    bytes: "<3 bytes>",
    big: "2",
    list: [1, "a"],
    text: "x",
  });
});

Deno.test("revived() gives an error that looks like the one it was made of", () => {
  const thrown = new PermanentError("no such user", { code: "no_user", cause: new Error("why") });
  const { error } = structuredClone(plainFields({ error: thrown }));
  assert.ok(error !== null);
  const again = revived(error);
  assert.ok(again instanceof Error);
  const { name, message, stack, code, cause } = again as Error & { code: string };
  assert.deepEqual({ name, message, stack, code }, {
    name: "PermanentError",
    message: "no such user",
    stack: thrown.stack,
    code: "no_user",
  });
  assert.equal(cause, "Error: why");
});

Deno.test("RelayedLog sends what the level lets through, and writeLine() says which worker it was", () => {
  const sent: LogNews[] = [];
  const log = new RelayedLog("info", (news) => sent.push(news));
  log.debug("hidden");
  log.warning("seen", { partition: 1 });
  log.setLevel("debug");
  log.debug("seen, too");
  const logger = new RecordingLogger();
  for (const news of sent) writeLine(logger, { ...news, worker: 3 });
  assert.deepEqual(
    logger.lines.map(({ level, text, fields }) => [level, text, fields]),
    [["warning", "seen", { partition: 1, worker: 3 }], ["debug", "seen, too", { worker: 3 }]],
  );
});
