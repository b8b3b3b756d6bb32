/** Holds partitions still and lets them go on, single ones or all at once. A pause ends with the process. */
import type { Assignment } from "../../src/processing/assignment.ts";
import type { Place, World } from "./simulation_world.ts";

export interface SimulatedOperatorOptions extends World {
  readonly places: () => readonly Place[];
  readonly assignment: () => Pick<Assignment, "pause" | "endPause">;
}

export class SimulatedOperator {
  readonly #options: SimulatedOperatorOptions;
  readonly #held = new Set<Place>();

  constructor(options: SimulatedOperatorOptions) {
    this.#options = options;
  }

  isHeld(place: Place): boolean {
    return this.#held.has(place);
  }

  /** Holds one or all still, or lets them go on. */
  turn(): void {
    const { random, places } = this.#options;
    const some = random.chance(0.3) ? places() : [random.pick(places())];
    if (random.chance(0.4)) this.#hold(some);
    else this.#end(some);
  }

  letAllGo(): void {
    this.#end(this.#options.places());
  }

  /** The process ended. */
  forget(): void {
    this.#held.clear();
  }

  #hold(places: readonly Place[]): void {
    const { random, clock, assignment } = this.#options;
    for (const place of places) {
      if (!this.#held.has(place)) this.#note(place, "held");
      this.#held.add(place);
    }
    const pause = { by: "operator", reason: "a look", since: clock.wallTime() };
    assignment().pause(this.#isAll(places) && random.chance(0.5) ? "all" : logs(places), pause);
  }

  #end(places: readonly Place[]): void {
    for (const place of places) {
      if (this.#held.delete(place)) this.#note(place, "let_go");
    }
    this.#options.assignment().endPause(this.#isAll(places) ? "all" : logs(places));
  }

  #isAll(places: readonly Place[]): boolean {
    return places.length === this.#options.places().length;
  }

  #note({ owner }: Place, kind: "held" | "let_go"): void {
    if (owner !== null) this.#options.note({ kind, owner: owner.id });
  }
}

function logs(places: readonly Place[]): Place["log"][] {
  return places.map(({ log }) => log);
}
