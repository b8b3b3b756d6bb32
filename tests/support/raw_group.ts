/** A group as no client of ours would use it: a member with an assignor of its own, and commits by nobody. */
import type { Connections } from "../../src/kafka/connections.ts";
import { errorCodeText } from "../../src/kafka/error_codes.ts";
import { offsetCommit } from "../../src/kafka/offset_requests.ts";
import {
  type ApiRequest,
  type BrokerAddress,
  findCoordinator,
  joinGroup,
  leaveGroup,
  syncGroup,
} from "../../src/kafka/protocol.ts";
import { encodeSubscription } from "../../src/kafka/subscription.ts";
import { eventually } from "./eventually.ts";
import { plainConnections } from "./with_connections.ts";

const DEADLINE_MS = 10_000;
const SESSION_MS = 60_000;
const NOBODY = { generationId: -1, memberId: "", groupInstanceId: null };

/** The way to one group's coordinator. */
export class RawGroup implements Disposable {
  readonly #connections: Connections;
  readonly #coordinator: BrokerAddress;
  readonly #groupId: string;

  private constructor(connections: Connections, coordinator: BrokerAddress, groupId: string) {
    this.#connections = connections;
    this.#coordinator = coordinator;
    this.#groupId = groupId;
  }

  /** On a new cluster, waits until there is a coordinator. */
  static async find(bootstrap: string, groupId: string): Promise<RawGroup> {
    const connections = plainConnections();
    const [host = "", port = ""] = bootstrap.split(":");
    const to = { id: -1, host, port: Number(port) };
    const request = findCoordinator(groupId);
    const ask = () => {
      return connections.call({ to, purpose: "group", request, deadlineMs: DEADLINE_MS });
    };
    const { coordinator } = await eventually("a coordinator", ask, {
      withinMs: DEADLINE_MS,
      until: ({ errorCode }) => errorCode === 0,
    });
    const { nodeId: id, host: at, port: atPort } = coordinator;
    return new RawGroup(connections, { id, host: at, port: atPort }, groupId);
  }

  /** Commits without being a member, as kafka-consumer-groups.sh --reset-offsets does. */
  async commit(topic: string, partition: number, offset: number): Promise<void> {
    const entry = { topic, partition, offset, leaderEpoch: -1, metadata: null };
    const answer = await eventually("the commit", async () => {
      const member = { groupId: this.#groupId, ...NOBODY };
      const { partitions } = await this.#call(offsetCommit(member, [entry]));
      return partitions[0]?.errorCode;
    }, { withinMs: DEADLINE_MS, until: (code) => code === 0 });
    if (answer !== 0) throw new Error(`Cannot commit: ${errorCodeText(answer ?? -1)}`);
  }

  /** Joins as the only member, with an assignor of that name, and leaves when the answer is called. */
  async join(topic: string, assignor: string): Promise<() => Promise<void>> {
    const metadata = encodeSubscription([topic], [], -1);
    const groupProtocols = [{ name: assignor, metadata }];
    const join = (memberId: string) =>
      this.#call(joinGroup({
        groupId: this.#groupId,
        sessionTimeoutMs: SESSION_MS,
        rebalanceTimeoutMs: SESSION_MS,
        memberId,
        groupInstanceId: null,
        groupProtocols,
      }));
    const { memberId } = await eventually("a member id", () => join(""), {
      withinMs: DEADLINE_MS,
      until: (answer) => answer.memberId !== "",
    });
    const { generationId, errorCode } = await join(memberId);
    if (errorCode !== 0) throw new Error(`Cannot join: ${errorCodeText(errorCode)}`);
    const identity = {
      groupId: this.#groupId,
      generationId,
      memberId,
      groupInstanceId: null,
    };
    await this.#call(syncGroup(identity, [{ memberId, memberAssignment: new Uint8Array() }]));
    return async () => {
      await this.#call(leaveGroup(this.#groupId, memberId));
    };
  }

  [Symbol.dispose](): void {
    this.#connections.close();
  }

  #call<Answer>(request: ApiRequest<Answer>): Promise<Answer> {
    const to = this.#coordinator;
    return this.#connections.call({ to, purpose: "group", request, deadlineMs: DEADLINE_MS });
  }
}
