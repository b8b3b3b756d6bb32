/** Fetches as the real one does, one request at a time for each partition when the core wants more, and as it must not. */
import type { Delivery, Message } from "../../src/processing/message.ts";
import type { Partition } from "../../src/processing/partition.ts";
import { messageOf, receiptOf, type SimulatedLog } from "./simulated_log.ts";
import type { Owner, World } from "./simulation_world.ts";

export interface SimulatedFetcherOptions extends World {
  readonly unkeyedOrder: "partition" | "none";
  readonly deliver: (partition: Partition, delivery: Delivery) => boolean;
  readonly skipTo: (partition: Partition, position: number) => void;
}

export class SimulatedFetcher {
  readonly #options: SimulatedFetcherOptions;
  #receipts = 0;

  constructor(options: SimulatedFetcherOptions) {
    this.#options = options;
  }

  /** The partition may have room. */
  ask(owner: Owner): void {
    const { random, clock, note } = this.#options;
    const { partition, place: { log } } = owner;
    if (owner.isAsking || !partition.wants() || partition.position >= log.end) return;
    note({ kind: "asked", owner: owner.id });
    owner.isAsking = true;
    const from = partition.position;
    const count = random.between(1, 8);
    clock.schedule(random.below(60), () => {
      owner.isAsking = false;
      if (from < log.start) this.#skipToStart(owner);
      else this.#deliver(owner, { from, ...log.read(from, count) });
      this.ask(owner);
    });
  }

  /** An answer for a position that is another one by now, or for an owner that is gone. */
  deliverStale(owner: Owner): void {
    const { log } = owner.place;
    const from = this.#options.random.between(0, log.end);
    if (owner.partition.position === from && owner.isAsking) return; // it would not be stale
    this.#deliver(owner, { from, ...log.read(from, 3) });
  }

  #deliver(
    owner: Owner,
    { from, records, next }: { readonly from: number } & ReturnType<SimulatedLog["read"]>,
  ): void {
    const { note, unkeyedOrder, deliver } = this.#options;
    const { id, partition, place: { log } } = owner;
    const messages = records.map((record) => messageOf(record, log, this.#receipts++));
    const receipts = records.map((record, at) =>
      receiptOf(messages[at] as Message, { record, unkeyedOrder })
    );
    note({ kind: "delivered", owner: id, from, next, receipts });
    const isTaken = deliver(partition, {
      topic: log.topic,
      partition: log.partition,
      from,
      messages,
      next,
      leaderEpoch: -1,
    });
    note({ kind: "answered", owner: id, isTaken });
  }

  #skipToStart({ id, partition, place: { log } }: Owner): void {
    if (partition.state === "dropped" || partition.position >= log.start) return;
    this.#options.note({ kind: "lost", owner: id, to: log.start });
    this.#options.skipTo(partition, log.start);
  }
}
