/** A handler that does, by chance, all that a handler may and may not do. */
import { FatalError, PermanentError, TransientError } from "../../src/processing/failure.ts";
import type { HandlerContext } from "../../src/processing/message.ts";
import type { EntryOf } from "./simulation_history.ts";
import { Waits, type World } from "./simulation_world.ts";

type How = EntryOf<"ended">["how"];
type Act = "now" | "compute" | "later" | "overdue" | "never" | "watch";

const ACTS: readonly Act[] = [
  ...["now", "now", "now", "now", "compute", "later", "later", "later"] as const,
  ...["overdue", "never", "watch", "watch"] as const,
];
const HEALTHY_ACTS: readonly Act[] = ["now", "later"];

export class SimulatedHandler {
  readonly #world: World;
  isHealed = false;
  readonly waits: Waits;

  constructor(world: World) {
    this.#world = world;
    this.waits = new Waits(world.clock);
  }

  /** From now on every attempt succeeds in time. */
  heal(): void {
    this.isHealed = true;
  }

  handle(context: HandlerContext): void | Promise<void> {
    const { random, clock, note } = this.#world;
    note({ kind: "started", id: context.timestamp, attempt: context.attempt });
    switch (random.pick(this.isHealed ? HEALTHY_ACTS : ACTS)) {
      case "now":
        return this.#end(context);
      case "compute": {
        const durationMs = random.between(1, 30);
        note({ kind: "passed", durationMs });
        clock.pass(durationMs);
        return this.#end(context);
      }
      case "later":
        return this.waits.for(random.below(800)).then(() => this.#end(context));
      case "overdue":
        return this.waits.for(random.between(1_000, 6_000)).then(() => this.#end(context));
      case "never":
        return new Promise(() => {});
      case "watch":
        return this.#watch(context);
    }
  }

  /** Ends by itself, or some time after the signal. */
  async #watch(context: HandlerContext): Promise<void> {
    const { signal } = context;
    const aborted = new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true })
    );
    await Promise.race([this.waits.for(this.#world.random.below(3_000)), aborted]);
    if (signal.aborted) await this.waits.for(this.#world.random.below(400));
    this.#end(context);
  }

  #end({ timestamp: id, attempt }: HandlerContext): void {
    const { random, note } = this.#world;
    const how = this.isHealed || random.chance(0.6) ? "ok" : this.#failure();
    note({ kind: "ended", id, attempt, how });
    if (how === "permanent") throw new PermanentError("Cannot ever");
    if (how === "fatal") throw new FatalError("Cannot go on");
    if (how === "failed") throw random.pick([new TransientError("Not now"), new Error("?"), null]);
  }

  #failure(): How {
    const { random } = this.#world;
    if (random.chance(0.02)) return "fatal";
    return random.chance(0.2) ? "permanent" : "failed";
  }
}
