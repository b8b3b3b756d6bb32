/** A right that is taken away under a running service is told once, waited for, and nothing is lost by it. */
import assert from "node:assert/strict";
import { EmbeddedKafka, ERROR, Faults } from "../../src/broker/mod.ts";
import { badMessages, events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import type { Program } from "../support/program.ts";
import {
  handledEvents,
  logLines,
  startService,
  untilAllCommitted,
  untilServing,
} from "../support/service.ts";

const TOPIC = "events";
const DEAD_LETTERS = `${TOPIC}.dlq`;
const GROUP = "group";
const REFUSED = "Kafka refuses us, trying again";
const GRANTED = "Kafka refuses us no longer";
const EVENTS = 20;
const WITHIN_MS = 30_000;
const { TOPIC_AUTHORIZATION_FAILED: NOT_THE_TOPIC, GROUP_AUTHORIZATION_FAILED: NOT_THE_GROUP } =
  ERROR;

type Api = Parameters<Faults["fail"]>[0]["api"];

interface Refusal {
  readonly api: Api & string;
  readonly code: number;
  readonly says: string;
  /** Makes the member ask, where it does not by itself. */
  readonly heartbeat?: number;
}

const REFUSALS: readonly Refusal[] = [
  { api: "Fetch", code: NOT_THE_TOPIC, says: "READ topic" },
  { api: "Metadata", code: NOT_THE_TOPIC, says: "DESCRIBE topic" },
  { api: "OffsetCommit", code: NOT_THE_TOPIC, says: "READ topic" },
  { api: "OffsetCommit", code: NOT_THE_GROUP, says: "READ group" },
  { api: "Produce", code: NOT_THE_TOPIC, says: `WRITE topic ${DEAD_LETTERS}` },
  { api: "Heartbeat", code: NOT_THE_GROUP, says: "READ group" },
  {
    api: "FindCoordinator",
    code: NOT_THE_GROUP,
    says: "DESCRIBE group",
    heartbeat: ERROR.NOT_COORDINATOR,
  },
  { api: "JoinGroup", code: NOT_THE_GROUP, says: "READ group", heartbeat: ERROR.UNKNOWN_MEMBER_ID },
  { api: "SyncGroup", code: NOT_THE_GROUP, says: "READ group", heartbeat: ERROR.UNKNOWN_MEMBER_ID },
  {
    api: "OffsetFetch",
    code: NOT_THE_GROUP,
    says: "DESCRIBE group",
    heartbeat: ERROR.UNKNOWN_MEMBER_ID,
  },
];

Deno.test("a refusal of any request mid-run is told once, makes it not ready, and passes", async (t) => {
  await using kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: 1, [DEAD_LETTERS]: 1 } });
  const faults = new Faults(kafka);
  await using client = new KafkaClient(kafka.bootstrap);
  await using service = await startService(kafka, {
    topic: TOPIC,
    group: GROUP,
    settings: { HTTP_PORT: "0", METADATA_MAX_AGE_MS: "1000", SESSION_TIMEOUT_MS: "2000" },
  });
  const url = await untilServing(service);
  const all = [...events({ seed: 7, count: 1 + EVENTS * REFUSALS.length })];
  const [bad] = badMessages(7);
  assert.ok(bad !== undefined);
  await client.produce(TOPIC, all.splice(0, 1)); // once that is done it is no start any more
  await untilAllCommitted(client, { group: GROUP, topic: TOPIC });
  await untilReady(url, true);
  for (const { api, code, says, heartbeat } of REFUSALS) {
    await t.step({
      name: `${api}, ${code}`,
      sanitizeOps: false,
      sanitizeResources: false,
      async fn() {
        const from = logLines(service).length;
        const fault = faults.fail({ api, clientId: "processing-service" }, code);
        using _ = { [Symbol.dispose]: () => fault.lift() };
        if (heartbeat !== undefined) faults.fail({ api: "Heartbeat", times: 1 }, heartbeat);
        await client.produce(TOPIC, [...all.splice(0, EVENTS), bad]);
        await told(service, { from, text: REFUSED });
        await eventually("tried again and again", () => fault.hits, {
          withinMs: WITHIN_MS,
          until: (hits) => hits >= 3,
        });
        await untilReady(url, false);
        fault.lift();
        await told(service, { from, text: GRANTED });
        await untilReady(url, true);
        await untilAllCommitted(client, { group: GROUP, topic: TOPIC });
        const refused = logLines(service).slice(from).filter(({ text }) => text === REFUSED);
        const reasons = refused.map(({ fields }) => String(fields["reason"]));
        assert.equal(reasons.length, new Set(reasons).size, reasons.join("\n"));
        assert.ok(reasons[0]?.startsWith(`Allow this user to ${says}`), reasons[0]);
        assert.ok(reasons[0]?.includes(`${api} was refused`), reasons[0]);
      },
    });
  }
  assert.equal((await service.stop()).code, 0);
  const handled = new Set(handledEvents(service).map(({ eventId }) => eventId));
  assert.equal(handled.size, 1 + EVENTS * REFUSALS.length);
});

Deno.test("a refusal that lasts for AUTH_RETRY_MS ends the service with 77 and says what to allow", async () => {
  await using kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: 1 } });
  const faults = new Faults(kafka);
  await using client = new KafkaClient(kafka.bootstrap);
  const settings = { AUTH_RETRY_MS: "1000" };
  await using service = await startService(kafka, { topic: TOPIC, group: GROUP, settings });
  await client.produce(TOPIC, events({ seed: 8, count: EVENTS }));
  await untilAllCommitted(client, { group: GROUP, topic: TOPIC });
  faults.fail({ api: "Fetch" }, NOT_THE_TOPIC);
  const { code } = await service.waitForExit(WITHIN_MS);
  assert.equal(code, 77);
  const errors = logLines(service).filter(({ level }) => level === "ERROR");
  assert.match(errors.at(-1)?.text ?? "", /Allow this user to READ topic .*AUTH_RETRY_MS: 1000/);
});

async function untilReady(url: string, isReady: boolean): Promise<void> {
  const status = async () => {
    const response = await fetch(`${url}/readyz`);
    await response.body?.cancel();
    return response.status;
  };
  const wanted = isReady ? 200 : 503;
  await eventually(`readyz answers ${wanted}`, status, {
    withinMs: WITHIN_MS,
    until: (found) => found === wanted,
  });
}

async function told(
  service: Program,
  { from, text }: { readonly from: number; readonly text: string },
): Promise<void> {
  const find = () => logLines(service).slice(from).some((line) => line.text === text);
  await eventually(`"${text}"`, find, { withinMs: WITHIN_MS, until: (found) => found });
}
