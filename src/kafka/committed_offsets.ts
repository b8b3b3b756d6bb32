/**
 * What a group has committed, for those who only look: every broker is asked, and the coordinator answers. Looking it up
 * in the ordinary way would make a new cluster create its topic of offsets.
 */
import type { TopicPartition } from "../processing/message.ts";
import type { Caller } from "./connections.ts";
import { ERROR_CODE } from "./error_codes.ts";
import { CoordinatorError } from "./metadata.ts";
import { type CommittedOffset, offsetFetch } from "./offset_requests.ts";
import type { BrokerAddress } from "./protocol.ts";

export interface CommittedQuestion {
  readonly groupId: string;
  readonly partitions: readonly TopicPartition[];
}

/** Nobody coordinates a group that has never committed, and nobody knows it. */
const UNKNOWN_GROUP: ReadonlySet<number> = new Set([
  ERROR_CODE.NOT_COORDINATOR,
  ERROR_CODE.COORDINATOR_NOT_AVAILABLE,
]);

/**
 * Nothing where the group has never committed.
 *
 * @throws CoordinatorError when the group is refused us, or the coordinator is not ready; what Caller.call throws when a
 *   broker does not answer, and none of the others coordinates it
 */
export async function committedOffsets(
  { caller, brokers, requestTimeoutMs: deadlineMs }: {
    readonly caller: Caller;
    readonly brokers: readonly BrokerAddress[];
    readonly requestTimeoutMs: number;
  },
  { groupId, partitions }: CommittedQuestion,
): Promise<readonly CommittedOffset[]> {
  if (partitions.length === 0) return [];
  const request = offsetFetch(groupId, partitions);
  const answers = brokers.map(async (to) => {
    const answer = await caller.call({ to, purpose: "browse", request, deadlineMs });
    const code = answer.errorCode ||
      answer.partitions.find(({ errorCode }) => errorCode)?.errorCode;
    if (code) throw new CoordinatorError(groupId, code);
    return answer.partitions;
  });
  try {
    return await Promise.any(answers);
  } catch (error) {
    const { errors } = error as AggregateError;
    const reason = errors.find((each) => !isUnknownGroup(each));
    if (reason === undefined) return [];
    throw reason;
  }
}

function isUnknownGroup(error: unknown): boolean {
  return error instanceof CoordinatorError && UNKNOWN_GROUP.has(error.errorCode);
}
