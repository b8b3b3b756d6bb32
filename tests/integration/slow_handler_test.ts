/** A handler may take far longer than the session: it costs neither the membership nor the messages of other keys. */
import assert from "node:assert/strict";
import { events } from "../support/events.ts";
import { kafkaTest } from "../support/kafka.ts";
import { assertNoViolation, type Handled, judge } from "../support/oracle.ts";
import { CommitWatch, Recording } from "../support/recording.ts";
import { complaints, logLines, untilAllCommitted } from "../support/service.ts";

const SESSION_MS = 1_500;
const SLOW_MS = 10 * SESSION_MS;
const MESSAGES = 200;
const USERS = 10;
const SLOW_USER = "user-3";
const DEADLINE_MS = 60_000;

kafkaTest(
  "a handler of ten sessions keeps the membership, and only its own key waits",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const all = events({ seed: 1, count: MESSAGES, users: USERS });
    const stored = await kafka.produce(topic, all);
    const acknowledged = stored.map((place, index) => {
      const { eventId = "", key = null } = all[index] ?? {};
      return { ...place, eventId, key };
    });
    const slow = acknowledged.filter(({ key }) => key === SLOW_USER);
    const first = slow[0]?.offset ?? -1;
    const isSlow = ({ offset }: Handled) => slow.some((each) => each.offset === offset);

    await using recording = await Recording.start();
    await using watch = new CommitWatch(kafka, { group, topic });
    await using service = await recording.startService(kafka, {
      topic,
      group,
      settings: {
        SESSION_TIMEOUT_MS: String(SESSION_MS),
        HEARTBEAT_INTERVAL_MS: String(SESSION_MS / 5),
        REBALANCE_TIMEOUT_MS: String(SESSION_MS),
      },
      plan: { slowOffsets: { [first]: SLOW_MS } },
    });
    const startedAt = performance.now();
    await recording.untilDone(MESSAGES - slow.length, { withinMs: DEADLINE_MS });
    assert.ok(performance.now() - startedAt < SLOW_MS, "the others did not wait");
    assert.equal((await recording.handled()).filter(isSlow).length, 1, "its key did");
    assert.ok(watch.sum <= first, "nothing above it is committed");

    await untilAllCommitted(kafka, { group, topic });
    assert.ok(performance.now() - startedAt > SLOW_MS);
    const joins = logLines(service).filter(({ text }) => text === "Joined the group");
    assert.equal(joins.length, 1, "no rebalance");
    assert.equal((await service.stop()).code, 0);
    assert.deepEqual(complaints(service), []);

    const handled = await recording.handled();
    const verdict = judge({ acknowledged, handled, deadLettered: [], committed: watch.commits });
    assertNoViolation(verdict);
    assert.equal(verdict.duplicates, 0);
  },
);
