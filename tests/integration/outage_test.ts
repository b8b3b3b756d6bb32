/** A Kafka that goes away while the service works is waited for, without noise, and nothing is lost by it. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { kafkaTest } from "../support/kafka.ts";
import { sendEvents } from "../support/load.ts";
import { assertNoViolation, judge } from "../support/oracle.ts";
import { Recording } from "../support/recording.ts";
import { type LogLine, logLines, untilAllCommitted, untilServing } from "../support/service.ts";

const MESSAGES = 3_000;
const PARTITIONS = 3;
/** Longer than a session, and than the pause between two warnings. */
const OUTAGE_MS = 12_000;
const WARNING_PAUSE_MS = 10_000;
const DEADLINE_MS = 60_000;

kafkaTest(
  "while the only broker is down the service is alive, not ready, and quiet; when it is back, it goes on",
  { nodes: 1, topics: { events: PARTITIONS } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const load = { topic, partitions: PARTITIONS, users: 60, seed: 1, count: MESSAGES };
    const acknowledged = [...await sendEvents(kafka, load)];
    await using recording = await Recording.start();
    await using service = await recording.startService(kafka, {
      topic,
      group,
      settings: { HTTP_PORT: "0", CONCURRENCY: "8" },
      plan: { minMs: 1, maxMs: 20 },
    });
    const url = await untilServing(service);
    await recording.untilDone(MESSAGES / 10, { withinMs: DEADLINE_MS });
    assert.equal(await statusOf(`${url}/readyz`), 200);

    const from = Date.now();
    await kafka.nodes[0]?.stop();
    await eventually("not ready", () => statusOf(`${url}/readyz`), {
      withinMs: DEADLINE_MS,
      until: (status) => status === 503,
    });
    await eventually("the outage has lasted", () => Date.now() - from, {
      withinMs: OUTAGE_MS * 2,
      everyMs: 200,
      until: (ms) => ms > OUTAGE_MS,
    });
    assert.equal(await statusOf(`${url}/livez`), 200);
    assert.equal(await statusOf(`${url}/readyz`), 503);
    await kafka.nodes[0]?.start();

    await eventually("ready again", () => statusOf(`${url}/readyz`), {
      withinMs: DEADLINE_MS,
      until: (status) => status === 200,
    });
    acknowledged.push(...await sendEvents(kafka, { ...load, seed: 2 }));
    await untilAllCommitted(kafka, { group, topic });
    const faults = [{ from, to: Date.now() }];
    assert.equal((await service.stop()).code, 0);

    const handled = await recording.handled();
    const verdict = judge({ acknowledged, handled, deadLettered: [], committed: [], faults });
    assertNoViolation(verdict);
    assert.equal(verdict.duplicates, 0, "one instance has nobody to take over what is in flight");
    assertQuiet(logLines(service));
  },
);

/** The line about the brokers at most each 10 s, one when they are back, and no ERROR. */
function assertQuiet(lines: readonly LogLine[]): void {
  const told = lines.filter(({ text }) => text === "No broker answers, trying again");
  assert.ok(told.length > 0);
  for (const [index, { level, fields }] of told.entries()) {
    assert.equal(level, "WARNING");
    assert.ok(["attempt", "brokers", "delay_ms"].every((name) => name in fields));
    const sinceMs = timeOf(told[index]) - timeOf(told[index - 1]);
    assert.ok(index === 0 || sinceMs >= WARNING_PAUSE_MS, `${sinceMs} ms after the last one`);
  }
  const back = lines.filter(({ text }) => text === "Connected to Kafka again");
  assert.deepEqual(back.map(({ level }) => level), ["INFO"]);
  const byText = Map.groupBy(lines.filter(({ level }) => level === "WARNING"), ({ text }) => text);
  for (const [text, { length }] of byText) assert.ok(length <= 4, `${length} times: ${text}`);
  assert.deepEqual(lines.filter(({ level }) => level === "ERROR"), []);
}

function timeOf(line: LogLine | undefined): number {
  return Date.parse(String(line?.fields["timestamp"]));
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}
