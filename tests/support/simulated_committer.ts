/** Commits as the real one does; the answer comes late or never, and a coordinator takes nothing from a former owner. */
import type { CommitPoint } from "../../src/processing/assignment.ts";
import type { Partition } from "../../src/processing/partition.ts";
import type { Owner, World } from "./simulation_world.ts";

export interface SimulatedCommitterOptions extends World {
  readonly snapshot: () => readonly CommitPoint[];
  readonly ownerOf: (partition: Partition) => Owner | undefined;
}

interface Outcome {
  /** The group has it. */
  readonly isStored: boolean;
  /** We know. */
  readonly isHeard: boolean;
}

/** Most ranges of what is done above the prefix that one commit holds. */
const DONE_RANGES_MAX = 3;

export class SimulatedCommitter {
  readonly #options: SimulatedCommitterOptions;
  #isHealed = false;

  constructor(options: SimulatedCommitterOptions) {
    this.#options = options;
  }

  /** From now on every commit is stored and answered. */
  heal(): void {
    this.#isHealed = true;
  }

  commit(): void {
    const { random, clock, note, snapshot, ownerOf } = this.#options;
    const isHeard = this.#isHealed || random.chance(0.8);
    const isStored = isHeard || random.chance(0.5);
    const sent = snapshot().map((point) => {
      const owner = ownerOf(point.partition);
      if (owner !== undefined) note({ kind: "offered", owner: owner.id });
      return { ...point, owner, done: point.partition.doneAbove(DONE_RANGES_MAX) };
    });
    clock.schedule(random.below(50), () => {
      for (const { owner, ...commit } of sent) {
        if (owner !== undefined && owner.place.owner === owner) {
          this.#arrive(commit, owner, { isStored, isHeard });
        }
      }
    });
  }

  #arrive(
    { offset, progress, done }: Omit<CommitPoint, "partition"> & Pick<Owner["place"], "done">,
    { partition, place }: Owner,
    { isStored, isHeard }: Outcome,
  ): void {
    const isOurs = partition.state === "active" || partition.state === "draining";
    if (isOurs && isStored && offset >= (place.committed ?? 0)) {
      this.#options.note({ kind: "committed", place: place.log.place, offset, done });
      place.committed = offset;
      place.done = done;
      if (isHeard) {
        partition.committed = offset;
        partition.committedProgress = progress;
      }
    }
    if (!isHeard) partition.committed = null;
  }
}
