/** What nobody catches ends the process, which tells of it in its log: a supervisor starts it again. */
import assert from "node:assert/strict";
import { freePorts } from "../support/free_ports.ts";
import { startPermissions } from "../support/program.ts";
import { logLines, startService } from "../support/service.ts";

const PROGRAM = new URL("../support/breaking_service.ts", import.meta.url).pathname;

for (const what of ["rejection", "error"]) {
  Deno.test(`an uncaught ${what} is logged, then exit 70`, async () => {
    await using service = await startService({ bootstrap: `127.0.0.1:${freePorts(1)[0]}` }, {
      topic: "events",
      group: "group",
      settings: { RETRY_DELAY: "60" },
      command: [Deno.execPath(), "run", ...await startPermissions(), PROGRAM],
      args: [what],
    });
    assert.deepEqual(await service.waitForExit(), { code: 70, signal: null });
    const errors = logLines(service).filter(({ level }) => level === "ERROR");
    assert.deepEqual(errors.map(({ text }) => text), ["Report this, the service broke"]);
    assert.match(JSON.stringify(errors[0]?.fields), /Nobody catches this/);
    assert.deepEqual(service.stderr, []);
  });
}
