/**
 * What probes are told. The service records facts; the answers are pure functions of them. Kafka being away never
 * makes the process look dead: a restart would not bring it back.
 */

export type Phase = "starting" | "connecting" | "running" | "draining" | "stopped";

/** What is known when a probe asks. */
export interface HealthFacts {
  readonly phase: Phase;
  /** Whether the service ever was `running`. */
  readonly hasRun: boolean;
  /** What keeps the service from working, by a short name: `kafka` -> `no broker answers`. */
  readonly problems: ReadonlyMap<string, string>;
}

/** One line of an answer. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly text: string;
}

export interface HealthAnswer {
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

/** Records the facts. */
export class Health {
  #phase: Phase = "starting";
  #hasRun = false;
  readonly #problems = new Map<string, string>();
  readonly #checks = new Map<string, () => string | null>();

  setPhase(phase: Phase): void {
    this.#phase = phase;
    if (phase === "running") this.#hasRun = true;
  }

  /** Names what is wrong with a part; null when that is over. */
  setProblem(name: string, reason: string | null): void {
    if (reason === null) this.#problems.delete(name);
    else this.#problems.set(name, reason);
  }

  /** Looks at a part whenever somebody asks: `check` answers what is wrong with it, or null. */
  addCheck(name: string, check: () => string | null): void {
    this.#checks.set(name, check);
  }

  facts(): HealthFacts {
    const problems = new Map(this.#problems);
    for (const [name, check] of this.#checks) {
      const problem = check();
      if (problem !== null) problems.set(name, problem);
    }
    return { phase: this.#phase, hasRun: this.#hasRun, problems };
  }
}

/** Is the process alive? Only a stopped one is not. */
export function livez({ phase }: HealthFacts): HealthAnswer {
  return answer([{ name: "phase", ok: phase !== "stopped", text: phase }]);
}

/** Does it consume? */
export function readyz({ phase, problems }: HealthFacts): HealthAnswer {
  const checks: Check[] = [{ name: "phase", ok: phase === "running", text: phase }];
  for (const [name, text] of problems) checks.push({ name, ok: false, text });
  return answer(checks);
}

/** Did it ever get as far as consuming? */
export function startupz({ phase, hasRun, problems }: HealthFacts): HealthAnswer {
  const checks: Check[] = [{ name: "phase", ok: hasRun, text: phase }];
  if (!hasRun) { for (const [name, text] of problems) checks.push({ name, ok: false, text }); }
  return answer(checks);
}

function answer(checks: readonly Check[]): HealthAnswer {
  return { ok: checks.every(({ ok }) => ok), checks };
}
