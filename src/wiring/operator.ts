/** What an operator can have the service do while it runs. */
import type { Metadata } from "../kafka/metadata.ts";
import {
  ActionError,
  type ActionFacts,
  type ActionScope,
  type PartitionActions,
} from "../ops/http/actions.ts";
import type { Assignment } from "../processing/assignment.ts";
import type { ServiceOptions } from "./service_options.ts";

export class Operator implements PartitionActions {
  readonly #options: ServiceOptions;
  readonly #parts: { readonly assignment: Assignment; readonly metadata: Metadata };

  constructor(
    options: ServiceOptions,
    parts: { readonly assignment: Assignment; readonly metadata: Metadata },
  ) {
    this.#options = options;
    this.#parts = parts;
  }

  pause(scope: ActionScope, facts: ActionFacts): void {
    this.#check(scope);
    const { clock, telemetry } = this.#options;
    const { by, reason } = facts;
    this.#parts.assignment.pause(scope, { by, reason, since: Math.trunc(clock.wallTime()) });
    telemetry.operator.paused(scope, facts);
  }

  resume(scope: ActionScope, facts: ActionFacts): void {
    this.#check(scope);
    this.#parts.assignment.endPause(scope);
    this.#options.telemetry.operator.resumed(scope, facts);
  }

  /** Also what is not ours: a partition may come with the next rebalance. */
  #check(scope: ActionScope): void {
    if (scope === "all") return;
    const { config } = this.#options;
    for (const { topic, partition } of scope) {
      const isOurs = config.kafkaTopic.includes(topic);
      if (isOurs && this.#parts.metadata.partitionsOf(topic).includes(partition)) continue;
      throw new ActionError(`Choose partitions of KAFKA_TOPIC that exist: ${topic}/${partition}`);
    }
  }
}
