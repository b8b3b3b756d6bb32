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
  /** What is well although it is worth knowing, by the same names: `assignment` -> `no partition is ours`. */
  readonly notes: ReadonlyMap<string, string>;
  /** All that is looked at. */
  readonly names: readonly string[];
}

/** One line of an answer. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** Empty where there is nothing to say. */
  readonly text: string;
  /** Worth knowing although it is well. */
  readonly isNote: boolean;
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
  readonly #notes = new Map<string, () => string | null>();

  setPhase(phase: Phase): void {
    this.#phase = phase;
    if (phase === "running") this.#hasRun = true;
  }

  /** For a check that depends on it: `facts` would ask the checks again. */
  get phase(): Phase {
    return this.#phase;
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

  /** As `addCheck`, for what does not make the service less ready. */
  addNote(name: string, note: () => string | null): void {
    this.#notes.set(name, note);
  }

  facts(): HealthFacts {
    const problems = new Map([...this.#problems, ...answers(this.#checks)]);
    const notes = new Map(answers(this.#notes));
    const names = new Set([...problems.keys(), ...this.#checks.keys(), ...this.#notes.keys()]);
    return { phase: this.#phase, hasRun: this.#hasRun, problems, notes, names: [...names] };
  }
}

function answers(asked: ReadonlyMap<string, () => string | null>): [string, string][] {
  return [...asked].flatMap(([name, ask]): [string, string][] => {
    const text = ask();
    return text === null ? [] : [[name, text]];
  });
}

/** Is the process alive? Only a stopped one is not. */
export function livez({ phase }: HealthFacts): HealthAnswer {
  return answer([check("phase", { ok: phase !== "stopped", text: phase })]);
}

/** Does it consume? */
export function readyz({ phase, problems, notes, names }: HealthFacts): HealthAnswer {
  const checks = [check("phase", { ok: phase === "running", text: phase })];
  for (const name of names) {
    const problem = problems.get(name);
    const note = notes.get(name) ?? "";
    if (problem !== undefined) checks.push(check(name, { ok: false, text: problem }));
    else checks.push({ name, ok: true, text: note, isNote: note !== "" });
  }
  return answer(checks);
}

/** Did it ever get as far as consuming? */
export function startupz({ phase, hasRun, problems }: HealthFacts): HealthAnswer {
  const checks = [check("phase", { ok: hasRun, text: phase })];
  if (hasRun) return answer(checks);
  for (const [name, text] of problems) checks.push(check(name, { ok: false, text }));
  return answer(checks);
}

function check(name: string, { ok, text }: { ok: boolean; text: string }): Check {
  return { name, ok, text, isNote: false };
}

function answer(checks: readonly Check[]): HealthAnswer {
  return { ok: checks.every(({ ok }) => ok), checks };
}
