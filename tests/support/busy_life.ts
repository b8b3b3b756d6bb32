/** A service that has done everything once: for what must hold of its whole life. */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/mod.ts";
import { CONSOLE_FILES } from "../../src/console/files.ts";
import { badMessages, events } from "./events.ts";
import { KafkaClient } from "./kafka_client.ts";
import { sendAction } from "./operator.ts";
import type { Program } from "./program.ts";
import {
  finalCounts,
  startService,
  untilAllCommitted,
  untilJoined,
  untilServing,
} from "./service.ts";

const TOPIC = "events";
const GROUP = "group";
const GOOD = 200;
const TOKEN = "0123456789abcdef0123456789abcdef";
const PATHS = [
  "/livez",
  "/readyz?verbose",
  "/startupz",
  "/status",
  "/version",
  "/metrics",
  "/none",
];

/**
 * Starts the service by `command`, has it process, dead-letter, be looked at, be paused, and stop. Its signals go to the
 * process of `pidOf`, by default the one that was started.
 */
export async function liveBusily(
  command: readonly string[],
  pidOf: (service: Program) => number | Promise<number> = ({ pid }) => pid,
): Promise<void> {
  await using kafka = await EmbeddedKafka.start();
  kafka.createTopic(TOPIC, { partitions: 2 });
  await using client = new KafkaClient(kafka.bootstrap);
  const bad = badMessages(1);
  await client.produce(TOPIC, [...events({ seed: 1, count: GOOD }), ...bad]);
  const settings = { HTTP_PORT: "0", CONSOLE_TOKEN: TOKEN };
  await using service = await startService(kafka, {
    topic: TOPIC,
    group: GROUP,
    settings,
    command,
  });
  const url = await untilServing(service);
  await untilJoined(service);
  const pid = await pidOf(service);
  for (const path of [...PATHS, ...CONSOLE_FILES.keys()]) await (await fetch(url + path)).text();
  for (const name of ["pause", "resume"] as const) {
    const body = { partitions: "all", reason: "a look" };
    const { status, text } = await sendAction(url, { name, body, token: TOKEN });
    assert.equal(status, 200, text);
  }
  await untilAllCommitted(client, { group: GROUP, topic: TOPIC });
  for (const signal of ["SIGHUP", "SIGUSR2"] as const) Deno.kill(pid, signal);
  await service.waitForLine("Log level set to debug");
  Deno.kill(pid, "SIGTERM");
  assert.deepEqual(await service.waitForExit(), { code: 0, signal: null });
  assert.deepEqual([finalCounts(service)["processed"], finalCounts(service)["dead_lettered"]], [
    GOOD,
    bad.length,
  ]);
}
