/**
 * Each kind of trouble that a broker can make, as a script on the embedded broker, over real sockets: nothing is lost,
 * nothing is out of order, nothing is committed too early, and the member stays the same where it can. The same script
 * in virtual time, repeated exactly: tests/unit/kafka/group_simulation_test.ts.
 */
import assert from "node:assert/strict";
import { ERROR } from "../../src/broker/error_codes.ts";
import type { ApiName } from "../../src/broker/requests/mod.ts";
import { type FaultRunOptions, type FaultScene, runWithFaults } from "../support/fault_run.ts";
import { stepsAtOnce } from "../support/steps.ts";

interface Case extends Pick<FaultRunOptions, "before" | "meanwhile"> {
  readonly name: string;
  /** The group takes it for the same member all the time. */
  readonly isSameMember: boolean;
  /** So many messages may be done again: what was in flight when the partitions were lost. */
  readonly duplicates: number;
}

const AT_ONCE = 10;
/** CONCURRENCY, and what was done since the last commit that arrived. */
const IN_FLIGHT = 120;
/** All that is done while the lease lasts and no commit arrives. */
const IN_A_SESSION = 1_200;
const COORDINATED = ["JoinGroup", "SyncGroup", "Heartbeat", "OffsetCommit", "OffsetFetch"] as const;
const OTHERS = ["Metadata", "FindCoordinator", "ListOffsets", "Fetch"] as const;
const ALL: readonly ApiName[] = [...COORDINATED, ...OTHERS];
const {
  COORDINATOR_LOAD_IN_PROGRESS,
  COORDINATOR_NOT_AVAILABLE,
  NOT_COORDINATOR,
  REBALANCE_IN_PROGRESS,
  UNKNOWN_SERVER_ERROR,
} = ERROR;
const GROUP_CODES = [
  COORDINATOR_LOAD_IN_PROGRESS,
  COORDINATOR_NOT_AVAILABLE,
  NOT_COORDINATOR,
  UNKNOWN_SERVER_ERROR,
];
const FETCH_CODES = [
  ERROR.OFFSET_OUT_OF_RANGE,
  ERROR.UNKNOWN_TOPIC_OR_PARTITION,
  ERROR.LEADER_NOT_AVAILABLE,
  ERROR.NOT_LEADER_OR_FOLLOWER,
  ERROR.REPLICA_NOT_AVAILABLE,
  ERROR.KAFKA_STORAGE_ERROR,
  ERROR.FENCED_LEADER_EPOCH,
  ERROR.UNKNOWN_LEADER_EPOCH,
  ERROR.UNKNOWN_TOPIC_ID,
  UNKNOWN_SERVER_ERROR,
];

const CASES: readonly Case[] = [
  {
    // A join whose answer is lost leaves a member behind, whose session has to end.
    name: "answers are lost, and their connections stand still",
    isSameMember: false,
    duplicates: 0,
    before: ({ faults }) => ALL.map((api) => faults.loseAnswer({ api, times: 1 })),
  },
  refused("JoinGroup", GROUP_CODES),
  refused("SyncGroup", [...GROUP_CODES, REBALANCE_IN_PROGRESS, ERROR.ILLEGAL_GENERATION]),
  refused("Heartbeat", GROUP_CODES),
  refused("OffsetCommit", [
    ...GROUP_CODES,
    REBALANCE_IN_PROGRESS,
    ERROR.ILLEGAL_GENERATION,
    ERROR.UNKNOWN_MEMBER_ID,
    ERROR.REQUEST_TIMED_OUT,
    ERROR.UNKNOWN_TOPIC_OR_PARTITION,
    ERROR.OFFSET_METADATA_TOO_LARGE,
  ]),
  refused("OffsetFetch", [...GROUP_CODES, ERROR.UNSTABLE_OFFSET_COMMIT]),
  refused("FindCoordinator", [COORDINATOR_NOT_AVAILABLE, UNKNOWN_SERVER_ERROR]),
  refused("ListOffsets", [ERROR.NOT_LEADER_OR_FOLLOWER, ERROR.OFFSET_NOT_AVAILABLE]),
  refused("Fetch", FETCH_CODES),
  refused("Metadata", [ERROR.LEADER_NOT_AVAILABLE]),
  {
    ...undisturbed("one partition is refused, the others are served"),
    before: ({ faults, topic }) => {
      const partition = { topic, partition: 1 };
      return [
        faults.fail({ api: "Fetch", partition, times: 3 }, ERROR.NOT_LEADER_OR_FOLLOWER),
        faults.fail({ api: "OffsetCommit", partition, times: 3 }, UNKNOWN_SERVER_ERROR),
      ];
    },
  },
  {
    ...undisturbed("requests and answers take their time"),
    before: ({ faults }) =>
      (["request", "answer"] as const).flatMap((what) =>
        ALL.map((api) => faults.delay({ api, times: 4 }, [50, 400], what))
      ),
  },
  ...(["before", "after"] as const).map((when): Case => ({
    ...undisturbed(`connections are cut ${when} each kind of request is served`),
    before: ({ faults }) => ALL.map((api) => faults.cut({ api, times: 2 }, when)),
  })),
  {
    ...undisturbed("answers are cut off in their middle"),
    before: ({ faults }) =>
      ALL.flatMap((api, at) => [
        faults.truncate({ api, times: 1 }, 2),
        faults.truncate({ api, times: 1, after: 1 }, 6 + at),
      ]),
  },
  {
    ...undisturbed("the brokers ask for patience"),
    before: ({ faults }) => [faults.throttle({ api: ["Fetch", "OffsetCommit"], times: 6 }, 150)],
  },
  {
    ...undisturbed("leaders move, and the cluster says so late"),
    meanwhile: async ({ kafka, faults, topic, untilDone }) => {
      const stale = [];
      for (let round = 0; round < 3; round++) {
        const fault = faults.staleMetadata([topic]);
        for (let partition = 0; partition < 3; partition++) {
          const name = { topic, partition };
          kafka.moveLeader(name, (kafka.partition(name).leader + 1) % 3);
        }
        stale.push(...await forAWhile(fault, 500));
        await untilDone(100);
      }
      return stale;
    },
  },
  {
    ...undisturbed("a leader stands still"),
    meanwhile: async ({ faults, kafka, topic, untilDone }) => {
      const node = kafka.partition({ topic, partition: 0 }).leader;
      const frozen = faults.freeze({ node, api: "Fetch" });
      await untilDone(200);
      await pause(1_500);
      frozen.lift();
      return [frozen];
    },
  },
  {
    ...undisturbed("batches are damaged on their way"),
    meanwhile: ({ faults, topic }) =>
      [0, 1, 2].map((partition) =>
        faults.corrupt({ partition: { topic, partition }, times: 1, after: partition })
      ),
  },
  {
    ...undisturbed("the coordinator moves again and again"),
    meanwhile: async ({ kafka, group, untilDone }) => {
      for (let moves = 0; moves < 6; moves++) {
        kafka.moveCoordinator(group, (kafka.coordinatorOf(group) + 1) % 3);
        await untilDone(60);
      }
      return [];
    },
  },
  ...[COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR].map((
    code,
  ): Case => ({
    ...undisturbed(`the coordinator answers ${code} to everything for a second`),
    meanwhile: (scene) => forAWhile(scene.faults.fail({ api: COORDINATED }, code), 1_000),
  })),
  {
    ...undisturbed("the coordinator stands still for a second"),
    meanwhile: ({ faults }) => forAWhile(faults.freeze({ api: COORDINATED }), 1_000),
  },
  {
    ...undisturbed("heartbeats get no answer on a connection that stands still"),
    meanwhile: async (scene) => [await onOneConnection(scene, "Heartbeat")],
  },
  {
    ...undisturbed("commits get no answer on a connection that stands still"),
    meanwhile: async (scene) => [await onOneConnection(scene, "OffsetCommit")],
  },
  {
    ...undisturbed("the coordinator is gone, and another one takes over"),
    meanwhile: async ({ kafka, group, untilDone }) => {
      const node = kafka.coordinatorOf(group);
      await kafka.stopNode(node);
      await untilDone(200);
      await kafka.startNode(node);
      return [];
    },
  },
  {
    name: "the coordinator is away longer than a session",
    isSameMember: false,
    duplicates: IN_A_SESSION,
    meanwhile: ({ faults }) => forAWhile(faults.freeze({ api: COORDINATED }), 4_000),
  },
  {
    name: "the session expires at a heartbeat",
    isSameMember: false,
    duplicates: IN_FLIGHT,
    meanwhile: (scene) => [expireSessionBefore(scene, "Heartbeat")],
  },
  {
    name: "the session expires at a commit",
    isSameMember: false,
    duplicates: IN_FLIGHT,
    meanwhile: (scene) => [expireSessionBefore(scene, "OffsetCommit")],
  },
];

Deno.test("Whatever a broker does, nothing is lost, out of order or committed too early", async (t) => {
  const seeds = new Map(CASES.map((each, at) => [each, at + 1]));
  await stepsAtOnce(t, CASES, {
    atOnce: AT_ONCE,
    name: ({ name }) => name,
    body: async (each) => {
      const run = await runWithFaults({ ...each, seed: seeds.get(each) ?? 0 });
      const { duplicates, excused, ...violations } = run.verdict;
      assert.deepEqual(Object.entries(violations).filter(([, found]) => found.length > 0), []);
      assert.equal(excused, 0);
      assert.equal(run.missed, 0, "faults that hit nothing");
      assert.ok(duplicates <= each.duplicates, `${duplicates} duplicates`);
      if (each.isSameMember) assert.equal(run.memberIds.length, 1, run.memberIds.join());
    },
  });
});

function undisturbed(name: string): Omit<Case, "before" | "meanwhile"> {
  return { name, isSameMember: true, duplicates: 0 };
}

/** Each code twice in a row, in the place of what would have been done. */
function refused(api: ApiName, codes: readonly number[]): Case {
  return {
    ...undisturbed(`${api} is refused with ${codes.join(", ")}`),
    before: ({ faults }) => codes.map((code) => faults.fail({ api, times: 2 }, code)),
  };
}

async function forAWhile<F extends { lift(): void }>(fault: F, ms: number): Promise<readonly F[]> {
  await pause(ms);
  fault.lift();
  return [fault];
}

/** The next connection that asks this stands still from then on; others do not. */
async function onOneConnection({ faults, untilDone }: FaultScene, api: ApiName) {
  let connection: number | null = null;
  const where = ({ connectionId }: { readonly connectionId: number }) => {
    connection ??= connectionId;
    return connection === connectionId;
  };
  const fault = faults.freeze({ api, where });
  await untilDone(300);
  return fault;
}

function expireSessionBefore({ kafka, faults, group, memberIds }: FaultScene, api: ApiName) {
  return faults.before({ api, times: 1 }, () => {
    assert.ok(kafka.expireSession(group, memberIds().at(-1) ?? ""), "it was a member");
  });
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
