/**
 * What all nodes of the embedded cluster share: topics with their logs, groups, and who is up. The nodes only differ in
 * what they lead and coordinate; data is replicated by being one.
 */
import { randomUUID } from "node:crypto";
import type { BrokerClock } from "./clock.ts";
import { GroupCoordinator } from "./group/coordinator.ts";
import type { BrokerSettings } from "./settings.ts";
import { Topics } from "./topics/topics.ts";

/** Where a node listens, and whether it does. */
export interface NodeAddress {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly isUp: boolean;
}

export class Cluster {
  readonly id = randomUUID().replaceAll("-", "").slice(0, 22);
  readonly settings: BrokerSettings;
  readonly clock: BrokerClock;
  readonly topics: Topics;
  readonly groups: GroupCoordinator;
  readonly #nodes: Map<number, NodeAddress>;
  #nextProducerId = 0;

  constructor(settings: BrokerSettings, clock: BrokerClock) {
    this.settings = settings;
    this.clock = clock;
    const nodeIds = Array.from({ length: settings.nodes }, (_, i) => i);
    this.#nodes = new Map(
      nodeIds.map((id) => [id, { id, host: "127.0.0.1", port: 0, isUp: true }]),
    );
    const isUp = (nodeId: number) => this.#nodes.get(nodeId)?.isUp ?? false;
    this.topics = new Topics({
      nodeIds,
      isUp,
      defaultPartitions: settings.numPartitions,
      defaultReplicationFactor: settings.defaultReplicationFactor,
      configDefaults: {
        "max.message.bytes": String(settings.messageMaxBytes),
        "retention.bytes": String(settings.logRetentionBytes),
      },
    });
    this.groups = new GroupCoordinator({
      nodeIds,
      isUp,
      clock,
      initialRebalanceDelayMs: settings.groupInitialRebalanceDelayMs,
      maxSize: settings.groupMaxSize,
      maxCommitRecords: settings.maxCommitRecords,
    });
  }

  nodes(): readonly NodeAddress[] {
    return [...this.#nodes.values()];
  }

  liveNodes(): readonly NodeAddress[] {
    return this.nodes().filter((node) => node.isUp);
  }

  node(nodeId: number): NodeAddress | undefined {
    return this.#nodes.get(nodeId);
  }

  isUp(nodeId: number): boolean {
    return this.#nodes.get(nodeId)?.isUp ?? false;
  }

  nodeUp(nodeId: number, port: number): void {
    this.#nodes.set(nodeId, { id: nodeId, host: "127.0.0.1", port, isUp: true });
    this.topics.onNodeUp();
    this.groups.onNodeUp(nodeId);
  }

  nodeDown(nodeId: number): void {
    const node = this.#nodes.get(nodeId);
    if (node === undefined || !node.isUp) return;
    this.#nodes.set(nodeId, { ...node, isUp: false });
    this.topics.onNodeDown(nodeId);
    this.groups.onNodeDown(nodeId);
  }

  /** Deletes a topic and what groups have committed for it; false when there is none. */
  deleteTopic(name: string): boolean {
    this.groups.onTopicDeleted(name);
    return this.topics.delete(name);
  }

  nextProducerId(): number {
    return this.#nextProducerId++;
  }
}
