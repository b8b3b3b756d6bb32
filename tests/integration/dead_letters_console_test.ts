/** A running service shows its dead letters by cause, and has them rehearsed, beside its work. */
import assert from "node:assert/strict";
import { badMessages, events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest } from "../support/kafka.ts";
import { logLines, startService, untilAllCommitted, untilServing } from "../support/service.ts";

const TOKEN = "a-token-of-24-characters";
const DEADLINE_MS = 60_000;

kafkaTest(
  "the service shows its dead letters by cause, rehearses them for who has the token, and goes on",
  { topics: { events: 2 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const bad = badMessages(1);
    await kafka.produce(topic, bad.map(({ value }, index) => ({ partition: index % 2, value })));
    const settings = { HTTP_PORT: "0", CONSOLE_TOKEN: TOKEN };
    await using service = await startService(kafka, { topic, group, settings });
    const url = await untilServing(service);
    await untilAllCommitted(kafka, { group, topic });
    const document = async () => await (await fetch(`${url}/dead-letters`)).json();
    const { topics, look } = await eventually("a look at all of them", document, {
      withinMs: DEADLINE_MS,
      everyMs: 200,
      until: ({ look }) => look?.count === bad.length,
    });
    assert.deepEqual([topics, look.isComplete, look.settled], [[`${topic}.dlq`], true, 0]);
    const told = logLines(service).filter(({ text }) => text === "Message dead-lettered");
    const fingerprints = new Set(told.map(({ fields }) => fields["fingerprint"]));
    const shown = look.causes.map(({ fingerprint }: { fingerprint: string }) => fingerprint);
    assert.deepEqual(shown.sort(), [...fingerprints].sort());

    const rehearse = async (token: string) => {
      const response = await fetch(`${url}/actions/rehearse`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ by: "ann" }),
      });
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await rehearse("a wrong token"), 401);
    assert.equal((await document()).rehearsal, null);
    assert.equal(await rehearse(TOKEN), 200);
    const { rehearsal } = await eventually("the end of the rehearsal", document, {
      withinMs: DEADLINE_MS,
      until: ({ rehearsal }) => rehearsal?.endedAt !== null,
    });
    assert.deepEqual([rehearsal.by, rehearsal.count, rehearsal.isComplete], [
      "ann",
      bad.length,
      true,
    ]);
    const fails = rehearsal.causes.reduce(
      (sum: number, cause: { fails: number }) => sum + cause.fails,
      0,
    );
    assert.equal(fails, bad.length, "nothing was mended");
    assert.ok(
      logLines(service).some(({ text, fields }) =>
        text === "Dead letters rehearsed by an operator" && fields["by"] === "ann"
      ),
    );

    await kafka.produce(topic, events({ seed: 1, count: 5 }).map(({ value }) => ({ value })));
    await untilAllCommitted(kafka, { group, topic });
    assert.equal((await service.stop()).code, 0);
  },
);
