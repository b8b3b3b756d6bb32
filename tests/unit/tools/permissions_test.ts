import assert from "node:assert/strict";
import { READABLE_FOLDERS } from "../../../src/config/secret.ts";
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

Deno.test("permissions.txt permits network, listed variables and files of settings, asks nobody, and nothing else", async () => {
  const flags = await startPermissions();
  const names = flags.map((flag) => flag.split("=")[0]);
  assert.deepEqual(names, [
    "--no-prompt",
    "--allow-net",
    "--allow-env",
    "--ignore-env",
    "--allow-read",
  ]);
  assert.equal(flags[1], "--allow-net", "brokers are where the settings say");
  assert.equal(flags[3], "--ignore-env", "what is not listed reads as not there");
  assert.equal(flags[4], `--allow-read=${[".env", "src", ...READABLE_FOLDERS].join(",")}`);
});
