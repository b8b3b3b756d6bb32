/** A Committer with everything around it in the hands of a test. */
import { Committer, type CommitterOptions } from "../../src/kafka/committer.ts";
import { Coordinator } from "../../src/kafka/coordinator.ts";
import { Generation } from "../../src/kafka/generation.ts";
import type { BrokerAddress } from "../../src/kafka/protocol.ts";
import type { CommitPoint } from "../../src/processing/assignment.ts";
import { Partition } from "../../src/processing/partition.ts";
import { ManualClock } from "./manual_clock.ts";
import { readCommit, RecordingCaller } from "./recording_caller.ts";

export const BROKER: BrokerAddress = { id: 1, host: "broker-1", port: 9092 };
export const OTHER: BrokerAddress = { id: 2, host: "broker-2", port: 9092 };
const LIMITS = { windowMessages: 10, windowBytes: 1_000, breaker: null };

/** A committer whose partitions have offsets set by hand, and a coordinator that is found at once. */
export class CommitBench {
  readonly clock = new ManualClock();
  readonly caller = new RecordingCaller();
  readonly generation = new Generation({
    id: 7,
    memberId: "member",
    isLeader: false,
    protocol: "cooperative-sticky",
    assignment: [],
  });
  readonly partitions = [0, 1].map((partition) =>
    new Partition({ topic: "t", partition }, { position: 0, leaderEpoch: -1 }, LIMITS)
  );
  /** What is done, by partition. */
  readonly done = [0, 0];
  readonly committed: unknown[] = [];
  readonly failed: { readonly reason: string; readonly code: number | null }[] = [];
  lookUp: () => Promise<BrokerAddress> = () => Promise.resolve(BROKER);
  readonly coordinator = new Coordinator({
    caller: this.caller,
    clock: this.clock,
    lookUp: () => this.lookUp(),
    onFailed: () => {},
  });
  readonly committer: Committer;

  constructor(own: Partial<CommitterOptions> = {}) {
    for (const partition of this.partitions) partition.committed = 0;
    this.caller.answer = () => this.answer();
    this.committer = new Committer({
      caller: this.caller,
      coordinator: this.coordinator,
      clock: this.clock,
      enabled: true,
      intervalMs: 5_000,
      maxMessages: 100,
      generation: () => this.generation,
      identity: ({ id: generationId, memberId }) => ({
        groupId: "group",
        generationId,
        memberId,
        groupInstanceId: null,
      }),
      snapshot: (which) => this.snapshot(which),
      entryFor: ({ partition, offset, leaderEpoch }) => ({
        offset,
        leaderEpoch,
        metadata: `about ${partition.partition}`,
      }),
      onCommitted: (facts) => this.committed.push(facts),
      onFailed: ({ reason, code }) => this.failed.push({ reason, code }),
      ...own,
    });
  }

  snapshot(which: "moved" | "all"): CommitPoint[] {
    return this.partitions
      .map((partition, at) => ({
        partition,
        offset: this.done[at] ?? 0,
        leaderEpoch: 3,
        progress: 1,
      }))
      .filter(({ partition, offset }) => which === "all" || partition.committed !== offset);
  }

  answer(...codes: readonly number[]): unknown {
    const partitions = this.partitions.map(({ topic, partition }, at) => ({
      topic,
      partition,
      errorCode: codes[at] ?? 0,
    }));
    return { throttleTimeMs: 0, partitions };
  }

  /** `partition@offset` of each commit that went out. */
  async sent(): Promise<string[]> {
    const commits = await Promise.all(this.caller.calls.map(readCommit));
    return commits.map(({ entries }) =>
      entries.map(({ partition, offset }) => `${partition}@${offset}`).join(" ")
    );
  }
}
