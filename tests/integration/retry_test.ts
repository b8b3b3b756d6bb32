/** What fails is tried again up to the limit, then dead-lettered; its key waits for it, in order, and no other does. */
import assert from "node:assert/strict";
import { kafkaTest } from "../support/kafka.ts";
import { sendEvents } from "../support/load.ts";
import { assertNoViolation, judge } from "../support/oracle.ts";
import { Recording } from "../support/recording.ts";
import { finalCounts, untilAllCommitted } from "../support/service.ts";

const MAX_ATTEMPTS = 3;
const USERS = 5;
const MESSAGES = 50;
const RECOVERS = "user-1";
const NEVER = "user-2";

kafkaTest(
  "a message that fails is tried again, and dead-lettered at the limit; the order of its key is kept",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const load = { topic, partitions: 1, users: USERS, seed: 1, count: MESSAGES };
    const acknowledged = await sendEvents(kafka, load);
    const countOf = (key: string) => acknowledged.filter((each) => each.key === key).length;

    await using recording = await Recording.start();
    await using service = await recording.startService(kafka, {
      topic,
      group,
      settings: { PROCESSING_MAX_ATTEMPTS: String(MAX_ATTEMPTS) },
      plan: { failures: { [RECOVERS]: MAX_ATTEMPTS - 1, [NEVER]: MAX_ATTEMPTS } },
    });
    await untilAllCommitted(kafka, { group, topic });
    assert.equal((await service.stop()).code, 0);

    const letters = await kafka.consume(`${topic}.dlq`, { count: countOf(NEVER) });
    assert.equal(letters.length, countOf(NEVER));
    for (const { headers } of letters) {
      assert.equal(headers["__dlq.errors.delivery.count"], String(MAX_ATTEMPTS));
      assert.equal(headers["__dlq.errors.message"], "As the plan says");
      assert.equal(headers["__dlq.processing.stage"], "handle");
    }
    const counts = finalCounts(service);
    assert.equal(counts["processed"], MESSAGES - countOf(NEVER));
    const retries = (MAX_ATTEMPTS - 1) * (countOf(RECOVERS) + countOf(NEVER));
    assert.equal(counts["retried"], retries);

    const handled = await recording.handled();
    assert.equal(handled.filter(({ kind }) => kind === "start").length, MESSAGES + retries);
    const deadLettered = letters.map(({ headers }) => ({
      topic,
      partition: 0,
      offset: Number(headers["__dlq.errors.offset"]),
      at: Date.parse(headers["__dlq.processing.last.failure.time"] ?? ""),
    }));
    const verdict = judge({ acknowledged, handled, deadLettered, committed: [] });
    assertNoViolation(verdict);
    assert.equal(verdict.duplicates, 0);
  },
);
