/** The unit starts what there is, and starts it again for those exit codes that a restart can mend. */
import assert from "node:assert/strict";
import { EXIT } from "../../../src/ops/exit.ts";
import {
  assertCommandLine,
  assertGracePeriod,
  assertSettings,
  readProjectFile,
} from "../../support/deployed_program.ts";

const UNIT = await readProjectFile("deploy/systemd/processing-service.service");

Deno.test("the unit does not restart what a restart does not mend, as the documents say", async () => {
  const text = await readProjectFile("docs/configuration.md");
  const [, hopeless = ""] = /`RestartPreventExitStatus=([\d ]+)`/.exec(text) ?? [];
  const final = [EXIT.USAGE, EXIT.DATA, EXIT.NO_PERMISSION, EXIT.CONFIG].map(String);
  assert.deepEqual(option("RestartPreventExitStatus").split(" "), final);
  assert.equal(hopeless, final.join(" "));
  const ended = [EXIT.INCOMPLETE, EXIT.INTERRUPTED, EXIT.TERMINATED].map(String);
  assert.deepEqual(option("SuccessExitStatus").split(" ").sort(), ended.sort());
  assert.equal(option("Restart"), "on-failure");
});

Deno.test("the unit starts a command with settings that exist, and gives it time to stop", async () => {
  const [program, ...args] = option("ExecStart").split(" ");
  assert.equal(program, "/usr/local/bin/processing-service");
  await assertCommandLine(args);
  assertSettings(Object.fromEntries(
    option("Environment").split(" ").map((each) => {
      const [name = "", value = ""] = each.split("=");
      return [name, value];
    }),
  ));
  assertGracePeriod(Number(option("TimeoutStopSec")) * 1000);
});

function option(name: string): string {
  const found = [...UNIT.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))];
  assert.equal(found.length, 1, name);
  return found[0]?.[1] ?? "";
}
