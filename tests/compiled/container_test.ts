/** The executable as the first process of a container: nobody else is there to pass signals on, and nothing can be written. */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/mod.ts";
import { runForResult } from "../support/command.ts";
import { compiledTest, EXECUTABLE } from "../support/compiled.ts";
import { badMessages, events } from "../support/events.ts";
import { freePorts } from "../support/free_ports.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import {
  containedCommand,
  firstProcess,
  limitMemory,
  memoryLimitMissing,
  namespacesMissing,
  NOBODY_ID,
} from "../support/sandbox.ts";
import {
  finalCounts,
  logLines,
  startService,
  untilAllCommitted,
  untilJoined,
} from "../support/service.ts";

const TOPIC = "events";
const GROUP = "group";
const GOOD = 100;
const HEALTH_DEADLINE_MS = 20_000;
const MIB = 1024 * 1024;
const LIMIT_BYTES = 256 * MIB;
/** More than fits into the limit, in messages of so much. */
const LARGE_MESSAGES = 5_000;
const LARGE_BYTES = 64 * 1024;
const LARGE_AT_ONCE = 10;

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  compiledTest(
    `PID 1, read-only, as nobody, without HOME and TMPDIR: consumes, is healthy, and drains on ${signal}`,
    await namespacesMissing(),
    async () => {
      await using kafka = await EmbeddedKafka.start();
      kafka.createTopic(TOPIC, { partitions: 2 });
      await using client = new KafkaClient(kafka.bootstrap);
      const bad = badMessages(1);
      await client.produce(TOPIC, [...events({ seed: 1, count: GOOD }), ...bad]);
      const settings = { HTTP_PORT: String(freePorts(1)[0]) };
      const options = { topic: TOPIC, group: GROUP, settings, command: containedCommand() };
      await using service = await startService(kafka, options);
      await untilJoined(service);
      await untilAllCommitted(client, { group: GROUP, topic: TOPIC });

      const pid = await firstProcess(service.pid);
      const status = await Deno.readTextFile(`/proc/${pid}/status`);
      assert.match(status, /^NSpid:.*\t1$/m);
      assert.match(status, new RegExp(`^Uid:\t${NOBODY_ID}\t`, "m"));
      assert.match(status, /^CapEff:\t0+$/m);
      assert.match(await Deno.readTextFile(`/proc/${pid}/mounts`), /^\S+ \/ \S+ ro,/m);
      const environment = await Deno.readTextFile(`/proc/${pid}/environ`);
      assert.doesNotMatch(environment, /(?:^|\0)(?:HOME|TMPDIR)=/);
      const health = await runForResult([EXECUTABLE, "healthcheck", "--ready"], {
        env: settings,
        deadlineMs: HEALTH_DEADLINE_MS,
      });
      assert.equal(health.code, 0, health.stdout);

      Deno.kill(pid, "SIGHUP");
      await service.waitForLine("Log level set to debug");
      Deno.kill(pid, signal);
      assert.deepEqual(await service.waitForExit(), { code: 0, signal: null });
      const { processed, dead_lettered: deadLettered } = finalCounts(service);
      assert.deepEqual([processed, deadLettered], [GOOD, bad.length]);
      assert.deepEqual(service.stderr, []);
    },
  );
}

const noLimit = await memoryLimitMissing();

compiledTest("256 MB of memory are enough for more than fits into them", noLimit, async () => {
  await using kafka = await EmbeddedKafka.start();
  kafka.createTopic(TOPIC, { partitions: 4 });
  await using client = new KafkaClient(kafka.bootstrap);
  const large = largeMessage();
  for (let sent = 0; sent < LARGE_MESSAGES; sent += LARGE_AT_ONCE) {
    await client.produce(TOPIC, Array.from({ length: LARGE_AT_ONCE }, () => large));
  }
  const settings = {
    DENO_USE_CGROUPS: "1",
    MAX_BUFFER_BYTES: String(64 * MIB),
    LOG_LEVEL: "warning",
    HTTP_PORT: "0",
  };
  await using limit = await limitMemory(LIMIT_BYTES);
  assert.ok(limit !== null);
  {
    const options = { topic: TOPIC, group: GROUP, settings, command: limit.command };
    await using service = await startService(kafka, options);
    await untilAllCommitted(client, { group: GROUP, topic: TOPIC });
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
    assert.deepEqual(logLines(service), []);
  }
  const peakBytes = await limit.peakBytes();
  assert.ok(peakBytes > 32 * MIB && peakBytes <= LIMIT_BYTES, `${peakBytes} bytes at most`);
});

function largeMessage(): { readonly value: string } {
  const [{ value = "{}" } = {}] = events({ seed: 1, count: 1 });
  const event = JSON.parse(value);
  const data = { ...event.event_data, text: "x".repeat(LARGE_BYTES) };
  return { value: JSON.stringify({ ...event, event_data: data }) };
}
