import assert from "node:assert/strict";
import { findOccupant, occupantText, protocolOf } from "../../../src/dead_letters/occupant.ts";
import { BROKER, OTHER } from "../../support/commit_bench.ts";
import { RecordingCaller } from "../../support/recording_caller.ts";

const AT = Date.UTC(2026, 10, 24, 17, 0, 0);
const ASKED = { brokers: [BROKER, OTHER], requestTimeoutMs: 1_000 };

function groupOf(protocol: string) {
  const member = { clientId: "ops", clientHost: "/10.0.0.7" };
  return { errorCode: 0, state: "Stable", protocol, members: [member] };
}

Deno.test("protocolOf() is another one for each redrive, those of the same moment included", () => {
  const names = [0, 0.25, 0.5].map((random) => protocolOf({ at: AT, random }));
  assert.equal(new Set(names).size, 3);
});

Deno.test("findOccupant() says who redrives, and since when", async () => {
  const caller = new RecordingCaller();
  caller.answer = ({ to }) =>
    to === BROKER
      ? { errorCode: 16, state: "", protocol: "", members: [] }
      : groupOf(protocolOf({ at: AT, random: 0.5 }));
  const occupant = await findOccupant({ caller, ...ASKED }, "g.redrive");
  assert.deepEqual(occupant, { clientId: "ops", clientHost: "10.0.0.7", since: AT });
  assert.equal(occupantText(occupant), "ops at 10.0.0.7 since 2026-11-24T17:00:00.000Z");
});

Deno.test("findOccupant() knows a member that is no redrive, without its time", async () => {
  const caller = new RecordingCaller();
  caller.answer = () => groupOf("range");
  const occupant = await findOccupant({ caller, ...ASKED }, "g.redrive");
  assert.equal(occupant?.since, null);
});

Deno.test("findOccupant() is null where nobody is, or nobody answers", async () => {
  const caller = new RecordingCaller();
  caller.answer = ({ to }) => {
    if (to === BROKER) throw new Error("away");
    return { errorCode: 0, state: "Empty", protocol: "", members: [] };
  };
  assert.equal(await findOccupant({ caller, ...ASKED }, "g.redrive"), null);
});
