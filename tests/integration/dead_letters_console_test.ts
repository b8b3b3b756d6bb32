/** A running service shows its dead letters by cause, and has them rehearsed and redriven, beside its work. */
import assert from "node:assert/strict";
import { fingerprintOf } from "../../src/processing/fingerprint.ts";
import { letterRecord, MISMATCH, NO_JSON } from "../support/dead_letters.ts";
import { badMessages, events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest } from "../support/kafka.ts";
import {
  handledEvents,
  logLines,
  startService,
  untilAllCommitted,
  untilServing,
} from "../support/service.ts";

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

kafkaTest(
  "the service redrives the letters of one cause for who has the token, and shows how they drain",
  { topics: { events: 2 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const dlq = await kafka.createTopic({ name: `${topic}.dlq`, partitions: 2 });
    const mended = events({ seed: 7, count: 100 });
    await kafka.produce(dlq, [
      ...mended.map(({ key, value }, offset) => {
        const source = { topic, partition: offset % 2, offset };
        return {
          ...letterRecord({ source, key, value, failure: MISMATCH }),
          partition: offset % 2,
        };
      }),
      ...["{", "["].map((value, partition) => {
        const source = { topic, partition, offset: 500 };
        return { ...letterRecord({ source, value, failure: NO_JSON }), partition };
      }),
    ]);
    const settings = { HTTP_PORT: "0", CONSOLE_TOKEN: TOKEN };
    await using service = await startService(kafka, { topic, group, settings });
    const url = await untilServing(service);
    const document = async () => await (await fetch(`${url}/dead-letters`)).json();
    await eventually("a look at all of them", document, {
      withinMs: DEADLINE_MS,
      everyMs: 200,
      until: ({ look }) => look?.count === mended.length + 2,
    });
    const fingerprint = fingerprintOf(MISMATCH);
    const act = async (action: string, body: Readonly<Record<string, string>>) => {
      const response = await fetch(`${url}/actions/${action}`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await act("redrive-stop", {}), 404);
    assert.equal(await act("redrive", { fingerprint, by: "ann" }), 200);
    assert.equal(await act("redrive", { fingerprint }), 409);
    const { redrive } = await eventually("the end of the redrive", document, {
      withinMs: DEADLINE_MS,
      everyMs: 200,
      until: ({ redrive }) => redrive?.endedAt !== null,
    });
    assert.deepEqual(
      [redrive.by, redrive.ending, redrive.problem, redrive.processed, redrive.returned],
      ["ann", "all", null, mended.length, 0],
    );
    const { look } = await eventually("a look at what is left", document, {
      withinMs: DEADLINE_MS,
      everyMs: 200,
      until: ({ look }) => look.count === 2,
    });
    assert.deepEqual([look.causes.length, look.settled], [1, mended.length]);
    const handled = handledEvents(service).map(({ eventId }) => eventId);
    assert.deepEqual(handled.sort(), mended.map(({ eventId }) => eventId).sort());
    assert.deepEqual(await kafka.endOffsets(topic), [0, 0], "nothing is written to the source");
    const told = logLines(service).map(({ text }) => text);
    assert.ok(told.includes("Dead letters redriven by an operator"));
    assert.ok(told.includes("Redrive ended"));
    assert.equal((await service.stop()).code, 0);
  },
);
