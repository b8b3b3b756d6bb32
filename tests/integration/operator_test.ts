/** An operator holds partitions still and lets them go on, and everything shows it. */
import assert from "node:assert/strict";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest } from "../support/kafka.ts";
import { valueOf } from "../support/metric_facts.ts";
import { readStatus, scrape, sendAction } from "../support/operator.ts";
import {
  handledEvents,
  logLines,
  startService,
  untilAllCommitted,
  untilServing,
} from "../support/service.ts";

const TOKEN = "a-token-of-24-characters";
const WITHIN = { withinMs: 20_000 };

kafkaTest(
  "a paused partition stands still and stays, the other goes on, and lag is seen to grow and to go",
  { topics: { events: 2 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const settings = { HTTP_PORT: "0", CONSOLE_TOKEN: TOKEN };
    await using service = await startService(kafka, { topic, group, settings });
    const url = await untilServing(service);
    const status = () => readStatus(url);
    await eventually("both are ours", async () => (await status()).partitions.length === 2, WITHIN);
    const paused = { topic, partition: 0 };
    const pause = { partitions: [paused], reason: "a look at the sink", by: "ann" };
    assert.equal(
      (await sendAction(url, { name: "pause", body: pause, token: "wrong" })).status,
      401,
    );
    assert.equal((await sendAction(url, { name: "pause", body: pause, token: TOKEN })).status, 200);
    const { generation } = await status();

    const batch = events({ seed: 1, count: 20 });
    await kafka.produce(topic, batch.map(({ value }, i) => ({ value, partition: i % 2 })));
    const lag = async (partition: number) =>
      valueOf(await scrape(url), "processing_consumer_lag_messages", {
        partition: String(partition),
      });
    await eventually("lag of the paused one", async () => await lag(0) === 10, WITHIN);
    await eventually("none of the other", async () => await lag(1) === 0, WITHIN);
    const still = (await status()).partitions.find(({ partition }) => partition === 0);
    const { by, reason } = still?.pause ?? {};
    assert.deepEqual([still?.state, by, reason], ["paused", "ann", "a look at the sink"]);
    assert.ok(handledEvents(service).every(({ partition }) => partition === 1));
    const ready = await fetch(`${url}/readyz?verbose`);
    assert.equal(ready.status, 503);
    assert.match(
      await ready.text(),
      /^\[-\]pause failed: \S+\/0 paused by ann: a look at the sink$/m,
    );
    const byOperator = { partition: "0", by: "operator" };
    assert.equal(valueOf(await scrape(url), "processing_partition_paused", byOperator), 1);

    const body = { partitions: "all" };
    assert.equal((await sendAction(url, { name: "resume", body, token: TOKEN })).status, 200);
    await untilAllCommitted(kafka, { group, topic });
    await eventually("no lag", async () => await lag(0) === 0, WITHIN);
    assert.equal((await status()).generation, generation, "a pause is no reason to rebalance");
    assert.equal(await (await fetch(`${url}/readyz`)).text(), "ok\n");
    const told = logLines(service).filter(({ text }) => text.includes("by an operator"));
    assert.deepEqual(told.map(({ fields }) => [fields["by"], fields["from"]]), [
      ["ann", "127.0.0.1"],
      ["operator", "127.0.0.1"],
    ]);
    assert.equal((await service.stop()).code, 0);
  },
);

kafkaTest(
  "a pause of all survives a rebalance, and a stop does not wait for it",
  { topics: { events: 2 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const settings = { HTTP_PORT: "0", CONSOLE_TOKEN: TOKEN, READY_WHEN_PAUSED: "true" };
    await using service = await startService(kafka, { topic, group, settings });
    const url = await untilServing(service);
    const owned = async () => (await readStatus(url)).partitions;
    await eventually("both are ours", async () => (await owned()).length === 2, WITHIN);
    const body = { partitions: "all", reason: "maintenance" };
    assert.equal((await sendAction(url, { name: "pause", body, token: TOKEN })).status, 200);
    {
      await using second = await startService(kafka, { topic, group });
      await eventually("one is the other's", async () => (await owned()).length === 1, WITHIN);
      assert.equal((await second.stop()).code, 0);
    }
    await eventually("both again", async () => (await owned()).length === 2, WITHIN);
    assert.deepEqual((await owned()).map(({ state }) => state), ["paused", "paused"]);
    const ready = await fetch(`${url}/readyz`);
    assert.deepEqual([ready.status, await ready.text()], [
      200,
      "ok: pause: all paused by operator: maintenance\n",
    ]);
    await kafka.produce(topic, events({ seed: 2, count: 4 }).map(({ value }) => ({ value })));
    assert.equal((await service.stop()).code, 0);
    assert.deepEqual(handledEvents(service), []);
  },
);

kafkaTest(
  "SIGUSR2 logs a snapshot, and /events sends one a second",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const settings = { HTTP_PORT: "0" };
    const group = kafka.unique("group");
    await using service = await startService(kafka, { topic, group, settings });
    const url = await untilServing(service);
    await eventually(
      "it is ours",
      async () => (await readStatus(url)).partitions.length === 1,
      WITHIN,
    );
    service.signal("SIGUSR2");
    await service.waitForLine("Snapshot of a partition");
    const snapshot = logLines(service).find(({ text }) => text === "Snapshot");
    assert.deepEqual([snapshot?.fields["phase"], snapshot?.fields["partitions"]], ["running", 1]);

    const { body } = await fetch(`${url}/events`);
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (text.split("event: snapshot").length < 3) text += (await reader?.read())?.value ?? "";
    await reader?.cancel();
    const [, json = "{}"] = /data: (\{.*\})\n/.exec(text) ?? [];
    const { phase, partitions, canAct } = JSON.parse(json);
    assert.deepEqual([phase, partitions.length, canAct], ["running", 1, false]);
    assert.equal((await service.stop()).code, 0);
  },
);

kafkaTest(
  "more members than partitions: the one without is ready, and says so",
  { topics: { events: 1 } },
  async (kafka) => {
    const where = {
      topic: kafka.topics.events,
      group: kafka.unique("group"),
      settings: { HTTP_PORT: "0" },
    };
    await using first = await startService(kafka, where);
    await using second = await startService(kafka, where);
    const urls = [await untilServing(first), await untilServing(second)];
    const owned = async () => {
      const all = await Promise.all(urls.map((url) => readStatus(url)));
      return all.map(({ phase, partitions }) => phase === "running" ? partitions.length : -1)
        .sort();
    };
    await eventually("one has none", async () => String(await owned()) === "0,1", WITHIN);
    const answers = await Promise.all(urls.map(async (url) => {
      const answer = await fetch(`${url}/readyz`);
      return `${answer.status} ${await answer.text()}`;
    }));
    assert.deepEqual(answers.toSorted(), [
      "200 ok\n",
      "200 ok: assignment: no partition is ours, the group has enough members\n",
    ]);
    for (const service of [first, second]) assert.equal((await service.stop()).code, 0);
  },
);
