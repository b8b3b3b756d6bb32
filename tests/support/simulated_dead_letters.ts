/** A dead-letter topic that is slow, is away, refuses what it does not like, and loses answers. */
import {
  type DeadLetter,
  DeadLetterRefused,
  type DeadLetterSink,
} from "../../src/processing/dead_letter.ts";
import type { Coordinates } from "../../src/processing/message.ts";
import { Waits, type World } from "./simulation_world.ts";

const decoder = new TextDecoder();

export class SimulatedDeadLetters implements DeadLetterSink {
  readonly #world: World;
  #isAway = false;
  #isHealed = false;
  #stored = 0;
  readonly waits: Waits;

  constructor(world: World) {
    this.#world = world;
    this.waits = new Waits(world.clock);
  }

  /** Goes away, or comes back. */
  turn(): void {
    this.#isAway = !this.#isAway;
  }

  heal(): void {
    this.#isAway = false;
    this.#isHealed = true;
  }

  async send(letter: DeadLetter): Promise<Coordinates> {
    const { random, note } = this.#world;
    const id = idOf(letter);
    note({ kind: "letter", id });
    if (!random.chance(0.3)) await this.waits.for(random.below(300));
    if (this.#isAway) return this.#fail(id, new Error("The topic is away"));
    if (letter.value !== null && random.chance(0.2)) {
      return this.#fail(id, new DeadLetterRefused("Too large"));
    }
    const offset = this.#stored++;
    if (!this.#isHealed && random.chance(0.1)) return this.#fail(id, new Error("No answer"));
    note({ kind: "stored", id, letter: offset });
    return { topic: "t.dlq", partition: 0, offset };
  }

  #fail(id: number, error: Error): never {
    this.#world.note({ kind: "letter_failed", id });
    throw error;
  }
}

/** The timestamp of a simulated message is the id of its receipt. */
function idOf({ headers }: DeadLetter): number {
  const header = headers.find(([name]) => name === "__dlq.processing.original.timestamp");
  return Number(decoder.decode(header?.[1] ?? undefined));
}
