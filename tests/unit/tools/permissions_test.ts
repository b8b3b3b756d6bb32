import assert from "node:assert/strict";
import { knownVariables } from "../../../src/config/settings.ts";
import { startPermissions } from "../../support/program.ts";

Deno.test("permissions.txt lets the service read every variable of its settings", async () => {
  const flag = (await startPermissions()).find((flag) => flag.startsWith("--allow-env="));
  const patterns = (flag ?? "").slice("--allow-env=".length).split(",");
  const isReadable = (name: string) =>
    patterns.some((pattern) =>
      pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern
    );
  // NODE_ENV and KAFKAJS_… are kafkajs's own.
  const wanted = [...knownVariables(), "NODE_ENV", "KAFKAJS_LOG_LEVEL"];
  assert.deepEqual(wanted.filter((name) => !isReadable(name)), []);
});
