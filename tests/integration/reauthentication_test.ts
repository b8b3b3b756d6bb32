/**
 * Sessions of ten seconds (`connections.max.reauth.ms=10000`) under load, for as many seconds as LONG says, 120 say:
 * nothing is lost, nobody joins again, no connection is lost. Without LONG it is left out: security_test.ts renews
 * shorter ones.
 */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { Load } from "../support/load.ts";
import { openSockets } from "../support/open_sockets.ts";
import { assertNoViolation, judge } from "../support/oracle.ts";
import { CommitWatch, Recording } from "../support/recording.ts";
import { SecureKafka, secureKafkaMissing } from "../support/secure_kafka.ts";
import { sasl, tls } from "../support/security_settings.ts";
import { complaints, logLines } from "../support/service.ts";
import { testIfPossible } from "../support/test_if_possible.ts";

const SESSION_MS = 10_000;
const PARTITIONS = 4;
const WITHIN_MS = 60_000;
const WARM_UP = 500;
const seconds = Number(Deno.env.get("LONG") ?? 0);

testIfPossible(
  "sessions that end under load are renewed: nothing is lost, no rebalance, no connection made anew",
  seconds > 0 ? await secureKafkaMissing() : "takes minutes, set LONG=120",
  async () => {
    await using kafka = await SecureKafka.start({ sessionMs: SESSION_MS });
    await using client = new KafkaClient(kafka.bootstrap("PLAINTEXT"));
    const topic = await client.createTopic({ partitions: PARTITIONS });
    const group = client.unique("group");
    await using recording = await Recording.start();
    await using watch = new CommitWatch(client, { group, topic });
    await using service = await recording.startService({ bootstrap: kafka.bootstrap("SHORT") }, {
      topic,
      group,
      settings: { ...tls(kafka), ...sasl("scram-sha-512"), METADATA_MAX_AGE_MS: "3000" },
      plan: { minMs: 1, maxMs: 5 },
    });
    await using load = new Load(client, {
      ...{ topic, partitions: PARTITIONS, users: 200 },
      ...{ watch, backlog: 600, backlogMs: WITHIN_MS },
    });
    await recording.untilDone(WARM_UP, { withinMs: WITHIN_MS });
    const before = await openSockets(service.pid);
    const from = Date.now();
    await eventually(`${seconds} s are over`, () => Date.now() - from >= seconds * 1_000, {
      withinMs: 2 * seconds * 1_000,
      everyMs: 500,
    });
    const after = await openSockets(service.pid);
    const acknowledged = await load.finish();
    await eventually("all is committed", () => watch.sum, {
      withinMs: WITHIN_MS,
      until: (committed) => committed === acknowledged.length,
    });
    assert.equal((await service.stop()).code, 0);
    const handled = await recording.handled();
    const joins = logLines(service).filter(({ text }) => text === "Joined the group").length;
    console.log(`${acknowledged.length} messages, ${joins} join, sockets ${before?.length}`);
    assert.deepEqual(after, before);
    assert.equal(joins, 1);
    assert.deepEqual(complaints(service), []);
    const verdict = judge({
      acknowledged,
      handled,
      deadLettered: [],
      committed: watch.commits,
      faults: [],
    });
    assertNoViolation(verdict);
    const done = handled.filter(({ kind }) => kind === "done").length;
    assert.equal(done, acknowledged.length, "nothing comes twice");
  },
);
