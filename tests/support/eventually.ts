/**
 * Waiting for a condition in a test: asks again until it holds or the deadline is over, and says then what it
 * saw last. It stands in for every fixed sleep.
 */
import { inspect } from "node:util";

/** How long and how often to ask. */
export interface EventuallyOptions<T> {
  /** The deadline, counted from the call. */
  readonly withinMs: number;
  /** Pause between two probes; 20 ms by default. */
  readonly everyMs?: number;
  /** When an answer is good enough; by default when it is truthy. */
  readonly until?: (answer: T) => boolean;
}

const DEFAULT_PAUSE_MS = 20;

/**
 * Answers the first answer of `probe` that is good enough. A probe that throws is asked again. A probe that
 * does not answer at all is given up at the deadline. Throws with `what` and the last observation.
 */
export async function eventually<T>(
  what: string,
  probe: () => T | Promise<T>,
  options: EventuallyOptions<T>,
): Promise<T> {
  const until = options.until ?? Boolean;
  const endsAt = performance.now() + options.withinMs;
  let last = "nothing";
  while (true) {
    const observation = await observe(probe, endsAt);
    if (observation.kind === "answer" && until(observation.answer)) return observation.answer;
    if (observation.kind !== "late") last = describe(observation);
    const leftMs = endsAt - performance.now();
    if (leftMs <= 0) {
      throw new Error(`Not so within ${options.withinMs} ms: ${what}. Last observed: ${last}`);
    }
    await pause(Math.min(options.everyMs ?? DEFAULT_PAUSE_MS, leftMs));
  }
}

/** Rejects when `promise` has not settled within `withinMs`; otherwise answers what it answers. */
export async function within<T>(what: string, promise: Promise<T>, withinMs: number): Promise<T> {
  const late = timer(withinMs);
  try {
    const winner = await Promise.race([promise.then((answer) => ({ answer })), late.promise]);
    if (winner === undefined) throw new Error(`Not settled within ${withinMs} ms: ${what}`);
    return winner.answer;
  } finally {
    late.cancel();
  }
}

type Observation<T> =
  | { readonly kind: "answer"; readonly answer: T }
  | { readonly kind: "error"; readonly error: unknown }
  | { readonly kind: "late" };

async function observe<T>(probe: () => T | Promise<T>, endsAt: number): Promise<Observation<T>> {
  const late = timer(Math.max(0, endsAt - performance.now()));
  try {
    const answered = ask(probe);
    return await Promise.race([answered, late.promise.then(() => ({ kind: "late" }) as const)]);
  } finally {
    late.cancel();
  }
}

async function ask<T>(probe: () => T | Promise<T>): Promise<Observation<T>> {
  try {
    return { kind: "answer", answer: await probe() };
  } catch (error) {
    return { kind: "error", error };
  }
}

function describe<T>(observation: Exclude<Observation<T>, { kind: "late" }>): string {
  if (observation.kind === "error") return String(observation.error);
  return inspect(observation.answer, { depth: 4 });
}

function pause(delayMs: number): Promise<void> {
  return timer(delayMs).promise;
}

function timer(delayMs: number): { readonly promise: Promise<undefined>; cancel(): void } {
  let id: ReturnType<typeof setTimeout> | undefined;
  const promise = new Promise<undefined>((resolve) => {
    id = setTimeout(resolve, delayMs, undefined);
  });
  return { promise, cancel: () => clearTimeout(id) };
}
