/** All that Deno is asked for in a whole life of the service: its audit, where it is run and not compiled. */
import assert from "node:assert/strict";
import { knownVariables } from "../../src/config/settings.ts";
import { liveBusily } from "../support/busy_life.ts";
import { startPermissions } from "../support/program.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
/** What kafkajs looks at beside. */
const KAFKAJS_VARIABLES = [
  "KAFKAJS_DEBUG_EXTENDED_PROTOCOL_BUFFERS",
  "KAFKAJS_DEBUG_PROTOCOL_BUFFERS",
  "KAFKAJS_LOG_LEVEL",
  "KAFKAJS_NO_PARTITIONER_WARNING",
  "NODE_ENV",
];

/** A line of the audit. */
interface Asked {
  readonly permission: string;
  readonly value: string | null;
}

Deno.test("the service asks for network, its own variables and .env, and for nothing else", async () => {
  const path = await Deno.makeTempFile();
  try {
    const command = [Deno.execPath(), "run", ...await startPermissions(), MAIN];
    await liveBusily(["env", `DENO_AUDIT_PERMISSIONS=${path}`, ...command]);
    const lines = (await Deno.readTextFile(path)).trim().split("\n");
    const asked: Asked[] = lines.map((line) => JSON.parse(line));
    assert.deepEqual([...new Set(asked.map(({ permission }) => permission))].sort(), [
      "env",
      "net",
      "read",
    ]);
    const ofKind = (kind: string) =>
      asked.filter(({ permission }) => permission === kind).map(({ value }) => value);
    assert.deepEqual([...new Set(ofKind("read"))], [".env"]);
    const known: ReadonlySet<string | null> = new Set([
      ...knownVariables(),
      ...KAFKAJS_VARIABLES,
      null, // all that it may read, as a list
    ]);
    assert.deepEqual(ofKind("env").filter((name) => !known.has(name)), []);
  } finally {
    await Deno.remove(path);
  }
});
