/**
 * A partition whose marks are full: the run ends before one is lost, and what it says to do about it helps. With so many
 * letters it takes a minute: only with LONG=1.
 */
import assert from "node:assert/strict";
import { deadLetters, letterRecord } from "../support/dead_letters.ts";
import { events } from "../support/events.ts";
import { kafkaTest } from "../support/kafka.ts";
import { runRedrive } from "../support/redriving.ts";

const MENDED = { stage: "handle", code: "no_user", message: "No such user" } as const;
const OTHER = { stage: "decode", code: "not_json", message: "the value is not JSON" } as const;
/** Of so many letters one is mended. */
const EVERY = 50;
/** More than there is room for, however they are written. */
const COUNT = 40_000;
const SEND_AT_ONCE = 1_000;

kafkaTest(
  "a redrive whose marks are full ends before one is lost, and goes on once the others are dealt with",
  {
    topics: { events: 1 },
    missing: Deno.env.get("LONG") === "1" ? null : "takes a minute, set LONG=1",
  },
  async (kafka) => {
    const topic = kafka.topics.events;
    const dlq = await kafka.createTopic({ name: `${topic}.dlq`, partitions: 1 });
    const group = kafka.unique("group");
    const [event] = events({ seed: 4, count: 1 });
    const letters = Array.from({ length: COUNT }, (_, offset) => {
      const isMended = offset % EVERY === 1;
      return letterRecord({
        source: { topic, partition: 0, offset },
        value: isMended ? event?.value ?? "" : "{",
        failure: isMended ? MENDED : OTHER,
      });
    });
    for (let at = 0; at < COUNT; at += SEND_AT_ONCE) {
      await kafka.produce(dlq, letters.slice(at, at + SEND_AT_ONCE));
    }
    const left = async () => {
      const env = { KAFKA_BROKERS: kafka.bootstrap, KAFKA_TOPIC: topic, KAFKA_GROUP_ID: group };
      const { printed } = await deadLetters(["list", "--json"], env);
      return JSON.parse(printed).by_code;
    };

    const wanted = COUNT / EVERY;
    const filter = { reason: MENDED.code };
    const first = await runRedrive(kafka, { topic, group, filter });
    assert.equal(first.ending, "marks");
    const [full] = first.full;
    assert.ok(full);
    assert.deepEqual([full.topic, full.partition, full.from], [dlq, 0, 0]);
    assert.ok(first.processed > 300 && first.processed < wanted, `${first.processed}`);
    const { [OTHER.code]: others, [MENDED.code]: mended } = await left();
    assert.deepEqual(
      [others, mended],
      [COUNT - wanted, wanted - first.processed],
      "all are marked",
    );

    // What it says: the others from there on.
    const aside = { reason: OTHER.code };
    const parked = await runRedrive(kafka, { topic, group, filter: aside, what: "park" });
    assert.deepEqual([parked.ending, parked.parked], ["all", COUNT - wanted]);
    const second = await runRedrive(kafka, { topic, group, filter });
    assert.deepEqual([second.ending, second.processed], ["all", wanted - first.processed]);
    assert.deepEqual(await left(), {});
  },
);
