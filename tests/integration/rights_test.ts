/**
 * What a broker's own access control takes away under a running service, a right or the password, is named, told once
 * and waited for; it goes on where it was, and nothing is lost. For each kind of request by itself: access_test.ts.
 */
import assert from "node:assert/strict";
import type { StallCause } from "../../src/ops/stall_cause.ts";
import { type Acl, allow, forbid } from "../support/acls.ts";
import { badMessages, events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import type { Program } from "../support/program.ts";
import { setPassword } from "../support/scram_users.ts";
import { SecureKafka, secureKafkaMissing } from "../support/secure_kafka.ts";
import { tls } from "../support/security_settings.ts";
import {
  handledEvents,
  logLines,
  startService,
  untilAllCommitted,
  untilServing,
} from "../support/service.ts";
import { testIfPossible } from "../support/test_if_possible.ts";
import { withConnections } from "../support/with_connections.ts";

const SEED = 4_107;
const EVENTS = 20;
const USER = "worker";
const REFUSED = "Kafka refuses us, trying again";
const GRANTED = "Kafka refuses us no longer";
/** In readiness, which names one refusal of several. */
const SAID = /Allow this user to|refused the credentials/;
const WITHIN_MS = 60_000;

/** What is taken away and given back. */
interface Loss {
  readonly what: string;
  readonly take: () => Promise<void>;
  readonly giveBack: () => Promise<void>;
  /** In the reason that is told. */
  readonly says: RegExp;
  /** What the watchdog calls it; where it is not given it may have several names. */
  readonly cause?: StallCause;
}

testIfPossible(
  "rights and a password that are taken away mid-run are named once, and waited for without a loss",
  await secureKafkaMissing(),
  async (t) => {
    await using kafka = await SecureKafka.start();
    await using client = new KafkaClient(kafka.bootstrap("PLAINTEXT"));
    const topic = await client.createTopic();
    const deadLetters = await client.createTopic({ name: `${topic}.dlq` });
    const group = client.unique("group");
    const losses = await prepare(kafka, { topic, deadLetters, group });
    await using service = await startService({ bootstrap: kafka.bootstrap("SHORT") }, {
      topic,
      group,
      settings: {
        ...tls(kafka),
        ...{ HTTP_PORT: "0", METADATA_MAX_AGE_MS: "2000", STALL_SOFT_MS: "1000" },
        ...{ KAFKA_SASL_MECHANISM: "scram-sha-512", KAFKA_SASL_USERNAME: USER },
        KAFKA_SASL_PASSWORD_FILE: passwordFile(kafka),
      },
      allowRead: [kafka.directory],
    });
    const url = await untilServing(service);
    const all = [...events({ seed: SEED, count: 1 + EVENTS * losses.length })];
    const [bad] = badMessages(SEED);
    assert.ok(bad !== undefined);
    await client.produce(topic, all.splice(0, 1)); // once that is done it is no start any more
    await untilAllCommitted(client, { group, topic });
    await untilReady(url, true);
    for (const { what, take, giveBack, says, cause } of losses) {
      await t.step({
        name: what,
        sanitizeOps: false,
        sanitizeResources: false,
        async fn() {
          const from = logLines(service).length;
          await take();
          await client.produce(topic, [...all.splice(0, EVENTS), bad]);
          await told(service, { from, text: REFUSED, says });
          await untilReady(url, false);
          if (cause !== undefined) await untilNamed(url, cause);
          await giveBack();
          await told(service, { from, text: GRANTED, says });
          await untilAllCommitted(client, { group, topic });
          await untilReady(url, true);
          const reasons = reasonsOf(service, { from, text: REFUSED });
          assert.equal(reasons.length, new Set(reasons).size, reasons.join("\n"));
        },
      });
    }
    assert.equal((await service.stop()).code, 0);
    const handled = new Set(handledEvents(service).map(({ eventId }) => eventId));
    assert.equal(handled.size, 1 + EVENTS * losses.length);
    const letters = await client.consume(deadLetters, { count: losses.length });
    const offsets = new Set(letters.map(({ headers }) => headers["__dlq.errors.offset"]));
    assert.equal(offsets.size, losses.length);
  },
);

/** A user that may do what the service needs, and no more. Answers what it can lose. */
async function prepare(
  kafka: SecureKafka,
  names: { readonly topic: string; readonly deadLetters: string; readonly group: string },
): Promise<readonly Loss[]> {
  const { topic, deadLetters, group } = names;
  const principal = `User:${USER}`;
  const rights: readonly (Acl & { readonly says: RegExp })[] = [
    { principal, resource: "topic", name: topic, operation: "read", says: /READ topic/ },
    { principal, resource: "group", name: group, operation: "read", says: /READ group/ },
    { principal, resource: "topic", name: deadLetters, operation: "write", says: /WRITE topic/ },
  ];
  const to = kafka.address("PLAINTEXT");
  const change = async (password: string) =>
    await withConnections((caller) => setPassword({ name: USER, password }, { caller, to }));
  await withConnections((caller) => allow(rights, { caller, to }));
  await change("first");
  await Deno.writeTextFile(passwordFile(kafka), "first\n");
  return [
    ...rights.map((right): Loss => ({
      what: `${right.operation} of the ${right.resource} ${right.name.replace(topic, "events")}`,
      take: () => withConnections((caller) => forbid(right, { caller, to })),
      giveBack: () => withConnections((caller) => allow([right], { caller, to })),
      says: right.says,
    })),
    {
      what: "the password",
      take: () => change("second"),
      giveBack: () => Deno.writeTextFile(passwordFile(kafka), "second\n"),
      says: /refused the credentials/,
      cause: "authentication",
    },
  ];
}

function passwordFile({ directory }: SecureKafka): string {
  return `${directory}/changing-password`;
}

/** Or until it is not, and says that we are refused something. */
async function untilReady(url: string, isReady: boolean): Promise<void> {
  const look = async () => {
    const response = await fetch(`${url}/readyz`);
    return { status: response.status, text: await response.text() };
  };
  const fits = isReady
    ? ({ status }: Awaited<ReturnType<typeof look>>) => status === 200
    : ({ status, text }: Awaited<ReturnType<typeof look>>) => status === 503 && SAID.test(text);
  await eventually(`ready: ${isReady}`, look, { withinMs: WITHIN_MS, until: fits });
}

/** The watchdog holds this, and nothing else, against the partition. */
async function untilNamed(url: string, cause: StallCause): Promise<void> {
  const causes = async (): Promise<readonly string[]> => {
    const { stalls } = await (await fetch(`${url}/status`)).json();
    return stalls.map((stall: { readonly cause: StallCause }) => stall.cause);
  };
  await eventually(`stalled by ${cause}`, causes, {
    withinMs: WITHIN_MS,
    until: (found) => found.join() === cause,
  });
}

async function told(
  service: Program,
  { says, ...where }: { readonly from: number; readonly text: string; readonly says: RegExp },
): Promise<void> {
  await eventually(`"${where.text}" ${says}`, () => reasonsOf(service, where), {
    withinMs: WITHIN_MS,
    until: (reasons) => reasons.some((reason) => says.test(reason)),
  });
}

function reasonsOf(
  service: Program,
  { from, text }: { readonly from: number; readonly text: string },
): readonly string[] {
  const lines = logLines(service).slice(from).filter((line) => line.text === text);
  return lines.map(({ fields }) => String(fields["reason"]));
}
