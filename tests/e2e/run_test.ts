/** The program as in production: everything is processed or dead-lettered, committed, and told in the owner's lines. */
import assert from "node:assert/strict";
import { badMessages, events } from "../support/events.ts";
import { kafkaTest } from "../support/kafka.ts";
import { Program } from "../support/program.ts";
import { untilAllCommitted } from "../support/service.ts";

const PARTITIONS = 4;
const GOOD = 300;
const LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - ProcessingService - (INFO|WARNING) - \S/;

kafkaTest(
  "in production it processes or dead-letters every message, commits, and leaves with exit 0 on SIGTERM",
  { topics: { events: PARTITIONS } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const bad = badMessages(1);
    const all = [...events({ seed: 1, count: GOOD }), ...bad];
    await kafka.produce(topic, all.map((each, at) => ({ ...each, partition: at % PARTITIONS })));

    await using program = await Program.start({
      args: ["run", "--kafka-topic", topic, "--kafka-group-id", group, "--http-port", "off"],
      env: { KAFKA_BROKERS: kafka.bootstrap, ENVIRONMENT: "production", LOG_FORMAT: "pretty" },
    });
    await untilAllCommitted(kafka, { group, topic });
    assert.deepEqual(await program.stop(), { code: 0, signal: null });

    assert.deepEqual(program.stderr, []);
    for (const line of program.stdout) assert.match(line, LINE);
    assert.match(
      program.stdout.at(-1) ?? "",
      new RegExp(
        `INFO - Stopped Processing Service processed=${GOOD} dead_lettered=${bad.length} `,
      ),
    );
    const warnings = program.stdout.filter((line) => line.includes(" - WARNING - "));
    assert.equal(warnings.length, bad.length, "a line for each dead letter, none for what is well");
    assert.equal((await kafka.consume(`${topic}.dlq`, { count: bad.length })).length, bad.length);
  },
);
