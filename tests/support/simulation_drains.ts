/** Judges drains: they end by their deadline, say whether all was done, and neither give up early nor wait for nothing. */
import type { DrainEntry, EntryOf } from "./simulation_history.ts";
import type { Ledger, OwnerState } from "./simulation_ledger.ts";

interface DrainedOwner {
  readonly owner: OwnerState;
  /** False where its ownership was in doubt when the drain began: another drain may give it a frontier later. */
  readonly isDraining: boolean;
  readonly frontier: number;
}

interface DrainState {
  readonly until: number;
  /** Index of the entry. */
  readonly beganAt: number;
  readonly owners: readonly DrainedOwner[];
  /** For so long no timer could run. */
  lateMs: number;
}

export class DrainJudge {
  readonly #ledger: Ledger;
  readonly #drains = new Map<number, DrainState>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  take(entry: DrainEntry): void {
    if (entry.kind === "draining") this.#begin(entry);
    else this.#end(entry);
  }

  late(durationMs: number): void {
    for (const drain of this.#drains.values()) drain.lateMs += durationMs;
  }

  over(): void {
    for (const id of this.#drains.keys()) this.#ledger.blame(`Drain ${id} never ended`);
  }

  #begin({ drain, owners: ids, until }: EntryOf<"draining">): void {
    const owners = ids.map((id) => {
      const owner = this.#ledger.owner(id);
      if (owner.state === "active") {
        owner.state = "draining";
        owner.frontier = owner.highestTouched;
      }
      return { owner, isDraining: owner.state === "draining", frontier: owner.frontier };
    });
    this.#drains.set(drain, { until, beganAt: this.#ledger.at, owners, lateMs: 0 });
  }

  #end({ drain: id, isDrained, at }: EntryOf<"drained">): void {
    const drain = this.#drains.get(id);
    if (drain === undefined) return this.#ledger.blame(`Drain ${id} ended and never began`);
    this.#drains.delete(id);
    const { until, beganAt, owners, lateMs } = drain;
    if (at > until + lateMs) this.#ledger.blame(`Drain ${id} ended ${at - until} ms too late`);
    const open = owners.flatMap(({ owner, frontier }) =>
      owner.receipts.filter(({ offset, outcome }) => outcome === null && offset <= frontier)
    );
    if (isDrained) {
      if (open.length > 0) this.#ledger.blame(`Drain ${id} left something`, open[0]);
      return;
    }
    const isCalledOff = owners.some(({ isDraining, owner: { state, isPaused, isHeld, letGoAt } }) =>
      !isDraining || state !== "draining" || isPaused || isHeld || letGoAt > beganAt
    );
    if (isCalledOff || open.some(({ last }) => last === "fatal")) return;
    if (at < until) this.#ledger.blame(`Drain ${id} gave up early`, open[0]);
    if (open.length === 0) this.#ledger.blame(`Drain ${id} waited for nothing`);
  }
}
