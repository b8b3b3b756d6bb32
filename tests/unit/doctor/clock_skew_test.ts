import assert from "node:assert/strict";
import { checkClock } from "../../../src/doctor/clock_skew.ts";
import { ClusterView } from "../../../src/doctor/examination.ts";
import type { Sample } from "../../../src/doctor/messages.ts";
import { answering, examinationWith, LED, standing } from "../../support/examination.ts";

const VIEW = new ClusterView(
  { throttleTimeMs: 0, brokers: [LED.broker], controllerId: 1, topics: [] },
  LED.broker,
);

async function check(quorum: object, newest: number | null = null) {
  const messages = newest === null ? [] : [{
    topic: LED.topic,
    partition: 0,
    offset: 0,
    timestamp: newest,
    key: null,
    value: null,
    headers: [],
    leaderEpoch: 0,
  }];
  const sample: Sample = {
    standing: standing({ start: 0, end: 1, committed: null }),
    messages,
    unreadable: null,
  };
  const examination = examinationWith({}, answering({ DescribeQuorum: quorum }));
  const samples = Promise.resolve([sample]);
  const [result] = await checkClock(examination, { view: VIEW, samples });
  return result;
}

function toldAheadBy(ms: number): object {
  return { errorCode: 0, timeMs: Date.now() - ms };
}

Deno.test("checkClock() is content within ten seconds, warns, and fails from ten minutes on", async () => {
  const statusOf = async (ms: number) => (await check(toldAheadBy(ms)))?.status;
  assert.equal(await statusOf(0), "ok");
  for (const sign of [1, -1]) {
    assert.equal(await statusOf(sign * 5_000), "ok");
    assert.equal(await statusOf(sign * 60_000), "warning");
    assert.equal(await statusOf(sign * 3_600_000), "failed");
  }
});

Deno.test("checkClock() says in which direction this machine is off", async () => {
  assert.match(
    (await check(toldAheadBy(3_600_000)))?.detail ?? "",
    /^This machine is (60 minutes|1 hour) ahead of /,
  );
  assert.match((await check(toldAheadBy(-3_600_000)))?.detail ?? "", / behind the brokers/);
});

Deno.test("checkClock() looks at messages where the user may not ask for the time", async () => {
  const refused = { errorCode: 31, timeMs: null };
  assert.equal((await check(refused, Date.now() - 60_000))?.status, "skipped");
  assert.equal((await check(refused, Date.now() + 60_000))?.finding, "clock_off");
  assert.equal((await check(refused))?.status, "skipped");
});
