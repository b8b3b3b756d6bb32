import assert from "node:assert/strict";
import { committedOffsets } from "../../../src/kafka/committed_offsets.ts";
import { ERROR_CODE } from "../../../src/kafka/error_codes.ts";
import { CoordinatorError } from "../../../src/kafka/metadata.ts";
import { RecordingCaller } from "../../support/recording_caller.ts";

const BROKERS = [1, 2, 3].map((id) => ({ id, host: "kafka", port: 9090 + id }));
const PARTITIONS = [{ topic: "events.dlq", partition: 0 }];
const COMMITTED = { ...PARTITIONS[0], offset: 7, leaderEpoch: 1, metadata: null, errorCode: 0 };

/** By the broker's number: an error code, or null for what is committed. */
async function ask(codes: Readonly<Record<number, number | null | Error>>) {
  const caller = new RecordingCaller();
  caller.answer = ({ to }) => {
    const code = codes[to.id] ?? null;
    if (code instanceof Error) throw code;
    return { errorCode: code ?? 0, partitions: code === null ? [COMMITTED] : [] };
  };
  return await committedOffsets(
    { caller, brokers: BROKERS, requestTimeoutMs: 1_000 },
    { groupId: "g.redrive", partitions: PARTITIONS },
  );
}

const { COORDINATOR_NOT_AVAILABLE, GROUP_AUTHORIZATION_FAILED, NOT_COORDINATOR } = ERROR_CODE;

Deno.test("committedOffsets() takes the answer of the broker that coordinates the group", async () => {
  assert.deepEqual(await ask({ 1: NOT_COORDINATOR, 2: null, 3: new Error("away") }), [COMMITTED]);
});

Deno.test("committedOffsets() takes a group that nobody knows for one that has committed nothing", async () => {
  const codes = { 1: NOT_COORDINATOR, 2: COORDINATOR_NOT_AVAILABLE, 3: NOT_COORDINATOR };
  assert.deepEqual(await ask(codes), []);
});

Deno.test("committedOffsets() says so when it is refused, or a broker that may know does not answer", async () => {
  const refused = { 1: NOT_COORDINATOR, 2: GROUP_AUTHORIZATION_FAILED, 3: NOT_COORDINATOR };
  await assert.rejects(ask(refused), CoordinatorError);
  const away = { 1: NOT_COORDINATOR, 2: new Error("away"), 3: NOT_COORDINATOR };
  await assert.rejects(ask(away), /away/);
});
