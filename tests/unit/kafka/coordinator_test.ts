import assert from "node:assert/strict";
import { Coordinator, CoordinatorStoppedError } from "../../../src/kafka/coordinator.ts";
import { ERROR_CODE } from "../../../src/kafka/error_codes.ts";
import type { BrokerAddress } from "../../../src/kafka/protocol.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { RecordingCaller } from "../../support/recording_caller.ts";

const FIRST: BrokerAddress = { id: 1, host: "broker-1", port: 9092 };
const SECOND: BrokerAddress = { id: 2, host: "broker-2", port: 9092 };

/** A coordinator whose look-ups do as the test says; without answers they fail. */
class CoordinatorBench {
  readonly clock = new ManualClock();
  readonly caller = new RecordingCaller();
  readonly answers: (BrokerAddress | Promise<BrokerAddress>)[];
  lookUps = 0;
  failures = 0;
  readonly coordinator: Coordinator;

  constructor(...answers: readonly (BrokerAddress | Promise<BrokerAddress>)[]) {
    this.answers = [...answers];
    this.coordinator = new Coordinator({
      caller: this.caller,
      clock: this.clock,
      lookUp: () => {
        this.lookUps += 1;
        const answer = this.answers.shift();
        if (answer === undefined) return Promise.reject(new Error("No broker answers"));
        return Promise.resolve(answer);
      },
      onFailed: () => {
        this.failures += 1;
      },
    });
  }
}

Deno.test("Coordinator.find() looks up once and then knows", async () => {
  const { coordinator, ...bench } = new CoordinatorBench(FIRST);
  assert.equal(coordinator.current, null);
  assert.equal(await coordinator.find(), FIRST);
  assert.equal(await coordinator.find(), FIRST);
  assert.equal(coordinator.current, FIRST);
  assert.deepEqual(bench.answers, []);
});

Deno.test("Coordinator.find() has one look-up at a time for all who ask", async () => {
  const gate = Promise.withResolvers<BrokerAddress>();
  const bench = new CoordinatorBench(gate.promise);
  const asked = [bench.coordinator.find(), bench.coordinator.find(), bench.coordinator.find()];
  gate.resolve(FIRST);
  assert.deepEqual(await Promise.all(asked), [FIRST, FIRST, FIRST]);
  assert.equal(bench.lookUps, 1);
});

Deno.test("Coordinator.find() tries again for as long as it takes, at most a second apart", async () => {
  const bench = new CoordinatorBench();
  const finding = bench.coordinator.find();
  await bench.clock.advance(60_000);
  assert.equal(bench.failures, bench.lookUps);
  assert.ok(bench.lookUps >= 60 && bench.lookUps <= 130, `${bench.lookUps} look-ups`);
  bench.answers.push(FIRST);
  await bench.clock.advance(1_000);
  assert.equal(await finding, FIRST);
  assert.equal(bench.clock.pending, 0);
});

Deno.test("Coordinator.doubt() looks up anew, unless another broker is known by now", async () => {
  const bench = new CoordinatorBench(FIRST, SECOND);
  await bench.coordinator.find();
  bench.coordinator.doubt(SECOND);
  assert.equal(bench.coordinator.current, FIRST);
  bench.coordinator.doubt(FIRST);
  assert.equal(bench.coordinator.current, null);
  assert.equal(await bench.coordinator.find(), SECOND);
  bench.coordinator.doubt(FIRST);
  assert.equal(bench.coordinator.current, SECOND);
});

Deno.test("Coordinator wakes those that wait on the old coordinator when it moved, not when it stayed", async () => {
  const bench = new CoordinatorBench(FIRST, { ...FIRST, id: 9 }, SECOND);
  const first = await bench.coordinator.find();
  bench.coordinator.doubt(first);
  const same = await bench.coordinator.find();
  assert.equal(bench.caller.drops.length, 0);
  bench.coordinator.doubt(same);
  await bench.coordinator.find();
  const purposes = bench.caller.drops.map(({ to, purpose }) => `${to.host} ${purpose}`);
  assert.deepEqual(purposes, ["broker-1 group", "broker-1 commit", "broker-1 heartbeat"]);
});

const CODES: readonly { readonly name: keyof typeof ERROR_CODE; readonly answer: string }[] = [
  { name: "NOT_COORDINATOR", answer: "about the coordinator, who is in doubt" },
  { name: "COORDINATOR_NOT_AVAILABLE", answer: "about the coordinator, who is in doubt" },
  { name: "COORDINATOR_LOAD_IN_PROGRESS", answer: "about the coordinator" },
  { name: "NONE", answer: "not about the coordinator" },
  { name: "ILLEGAL_GENERATION", answer: "not about the coordinator" },
  { name: "UNKNOWN_MEMBER_ID", answer: "not about the coordinator" },
  { name: "REBALANCE_IN_PROGRESS", answer: "not about the coordinator" },
  { name: "FENCED_INSTANCE_ID", answer: "not about the coordinator" },
];

for (const { name, answer } of CODES) {
  Deno.test(`Coordinator.isCoordinatorTrouble() takes ${name} as ${answer}`, async () => {
    const { coordinator } = new CoordinatorBench(FIRST);
    await coordinator.find();
    const isTrouble = coordinator.isCoordinatorTrouble(ERROR_CODE[name], FIRST);
    assert.equal(isTrouble, answer.startsWith("about"));
    assert.equal(coordinator.current === null, answer.endsWith("in doubt"));
  });
}

Deno.test("Coordinator.stop() ends a look-up and leaves no timer", async () => {
  const bench = new CoordinatorBench();
  const finding = bench.coordinator.find();
  await bench.clock.advance(10);
  bench.coordinator.stop();
  await assert.rejects(finding, CoordinatorStoppedError);
  await assert.rejects(bench.coordinator.find(), CoordinatorStoppedError);
  assert.equal(bench.clock.pending, 0);
});
