/**
 * What the leader of a large group has to work out, without brokers: the plan itself as the service makes it, from the
 * bytes of the members' subscriptions to the bytes of their assignments, when one more member joins.
 */
import { Buffer } from "node:buffer";
import { COOPERATIVE } from "../../src/kafka/generation.ts";
import { planGroup } from "../../src/kafka/group_plan.ts";
import type { JoinAnswer } from "../../src/kafka/protocol.ts";
import { encodeSubscription, parseAssignment } from "../../src/kafka/subscription.ts";
import type { TopicPartition } from "../../src/processing/message.ts";
import { median } from "../report/statistics.ts";

/** What it took. */
export interface GroupPlanResult {
  readonly members: number;
  readonly partitions: number;
  readonly planMs: number;
  /** How many change hands when a member joins a balanced group. */
  readonly moved: number;
  /** What the coordinator sends to the leader, about. */
  readonly joinBytes: number;
}

const TOPIC = "user-activity-events";
const GENERATION = 7;
const SAMPLES = 7;

/** Plans a group of so many members, to which one more comes. */
export function measureGroupPlan(members: number, partitions: number): GroupPlanResult {
  const numbers = Array.from({ length: partitions }, (_, partition) => partition);
  const before = plan(members, { numbers, owned: new Map() });
  const owned = new Map(before.map(({ memberId, memberAssignment }) => [
    memberId,
    parseAssignment(memberAssignment),
  ]));
  const join = joinAnswer(members + 1, owned);
  const times: number[] = [];
  let kept = 0;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const startedAt = performance.now();
    const after = planGroup(join, () => numbers);
    times.push(performance.now() - startedAt);
    kept = after.reduce((sum, each) => sum + parseAssignment(each.memberAssignment).length, 0);
  }
  const joinBytes = join.members.reduce(
    (sum, { memberId, memberMetadata }) => sum + memberId.length + (memberMetadata?.length ?? 0),
    0,
  );
  // In the cooperative protocol what is to change hands is given to nobody in the first round.
  return { members, partitions, planMs: median(times), moved: partitions - kept, joinBytes };
}

function plan(
  members: number,
  { numbers, owned }: {
    readonly numbers: readonly number[];
    readonly owned: ReadonlyMap<string, readonly TopicPartition[]>;
  },
) {
  return planGroup(joinAnswer(members, owned), () => numbers);
}

function joinAnswer(
  members: number,
  owned: ReadonlyMap<string, readonly TopicPartition[]>,
): JoinAnswer {
  const ids = Array.from({ length: members }, (_, index) => memberId(index));
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    generationId: GENERATION,
    groupProtocol: COOPERATIVE,
    leaderId: memberId(0),
    memberId: memberId(0),
    members: ids.map((id) => ({
      memberId: id,
      memberMetadata: Buffer.from(encodeSubscription([TOPIC], owned.get(id) ?? [], GENERATION)),
    })),
  };
}

/** As long as the service's own: client id and a UUID. */
function memberId(index: number): string {
  return `processing-service-00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
}
