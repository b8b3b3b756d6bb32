/**
 * The processes of the service in a chaos test: a fixed number of places, each with one process at a time, which can be
 * ended, killed, frozen and started anew. An end that nobody asked for is a finding, and the place is filled again.
 */
import type { Program, ProgramExit } from "../support/program.ts";
import type { HandlerPlan, Recording } from "../support/recording.ts";
import type { ChaosCluster, Route } from "./cluster.ts";
import type { ProcessRecord } from "./ledger.ts";

/** What all processes of a fleet have in common. */
export interface FleetOptions {
  readonly cluster: ChaosCluster;
  readonly recording: Recording;
  readonly topic: string;
  readonly group: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly plan: HandlerPlan;
  /** Each place has an instance id of its own. */
  readonly isStatic: boolean;
  readonly route: (place: number) => Route;
  readonly onStarted: (record: ProcessRecord) => void;
}

/** A process that has ended. */
export interface EndedProcess {
  readonly process: string;
  readonly exit: ProgramExit;
  readonly wasAsked: boolean;
  readonly lines: readonly string[];
  /** How often it became a member of a new generation. */
  readonly joins: number;
}

const STOP_DEADLINE_MS = 40_000;
const SHOWN_LINES = 12;
const JOINED = "Joined the group";
/** What the runtime writes when nobody took care of an error. */
const UNHANDLED = /uncaught|unhandled/i;

export class Fleet implements AsyncDisposable {
  readonly #options: FleetOptions;
  readonly #places = new Map<number, Member>();
  readonly #ended: EndedProcess[] = [];

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** The places that are filled, in order. */
  get places(): readonly number[] {
    return [...this.#places.keys()].sort((a, b) => a - b);
  }

  get pids(): readonly number[] {
    return this.#running().map(({ program }) => program.pid);
  }

  /** All processes that have ended so far. */
  get ended(): readonly EndedProcess[] {
    return this.#ended;
  }

  /** The name under which the process of a place writes down what it does. */
  processAt(place: number): string {
    return this.#member(place).process;
  }

  programAt(place: number): Program {
    return this.#member(place).program;
  }

  /** When the process of a place became a member of a new generation, each time so far. */
  joinsAt(place: number): readonly number[] {
    return joinsOf(this.programAt(place));
  }

  /** The same for all processes that ever were. */
  get joins(): number {
    const ended = this.#ended.reduce((sum, { joins }) => sum + joins, 0);
    return this.#running().reduce((sum, { program }) => sum + joinsOf(program).length, ended);
  }

  /** Fills a place. `settings` go over those of the fleet, for this process alone. */
  async start(place: number, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const { cluster, recording, topic, group, plan, isStatic, route, onStarted } = this.#options;
    const instance = isStatic ? { KAFKA_GROUP_INSTANCE_ID: `place-${place}` } : {};
    const program = await recording.startService({ bootstrap: cluster.bootstrap(route(place)) }, {
      topic,
      group,
      plan,
      settings: { ...instance, ...this.#options.settings, ...settings },
    });
    const record = recording.newest;
    onStarted(record);
    this.#places.set(place, { process: record.process, program, isExpectedToEnd: false });
  }

  /** SIGTERM; answers how it ended. The place stays empty. */
  async terminate(place: number): Promise<ProgramExit> {
    return await this.#end(place, "SIGTERM");
  }

  /** SIGKILL; the place stays empty. */
  async kill(place: number): Promise<void> {
    await this.#end(place, "SIGKILL");
  }

  /** A signal that does not end it: SIGSTOP, SIGCONT. */
  signal(place: number, signal: Deno.Signal): void {
    this.#member(place).program.signal(signal);
  }

  /** Waits for an end that the test provoked in some other way. The place stays empty. */
  async untilEnded(place: number, withinMs: number): Promise<ProgramExit> {
    const member = this.#member(place);
    member.isExpectedToEnd = true;
    return await this.#take(place, member, withinMs);
  }

  /** Fills places whose process ended though nobody asked for it. */
  async refill(): Promise<void> {
    for (const [place, member] of [...this.#places]) {
      if (member.isExpectedToEnd || member.program.exit === null) continue;
      await this.#take(place, member, STOP_DEADLINE_MS);
      await this.start(place);
    }
  }

  /** SIGTERM to all, at the same time. */
  async terminateAll(): Promise<readonly ProgramExit[]> {
    return await Promise.all(this.places.map((place) => this.terminate(place)));
  }

  /** Lines that show an error which nobody took care of, of all processes. */
  unhandled(): readonly string[] {
    const lines = [
      ...this.#ended.flatMap((each) => each.lines.map((line) => `${each.process}: ${line}`)),
      ...this.#running().flatMap(({ process, program }) =>
        program.stderr.map((line) => `${process}: ${line}`)
      ),
    ];
    return lines.filter((line) => UNHANDLED.test(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { program } of this.#running()) {
      program.signal("SIGCONT");
      await program[Symbol.asyncDispose]();
    }
  }

  async #end(place: number, signal: Deno.Signal): Promise<ProgramExit> {
    const member = this.#member(place);
    member.isExpectedToEnd = true;
    member.program.signal(signal);
    return await this.#take(place, member, STOP_DEADLINE_MS);
  }

  /** Empties a place and notes how its process ended. */
  async #take(place: number, member: Member, withinMs: number): Promise<ProgramExit> {
    const { process, program } = member;
    const exit = await program.waitForExit(withinMs);
    const wasAsked = member.isExpectedToEnd;
    const lines = [...program.stdout.slice(-SHOWN_LINES), ...program.stderr];
    this.#ended.push({ process, exit, wasAsked, lines, joins: joinsOf(program).length });
    this.#places.delete(place);
    return exit;
  }

  #running(): readonly Member[] {
    return [...this.#places.values()];
  }

  #member(place: number): Member {
    const member = this.#places.get(place);
    if (member === undefined) throw new RangeError(`Nothing runs at place ${place}`);
    return member;
  }
}

function joinsOf(program: Program): readonly number[] {
  return program.stdout.filter((line) => line.includes(JOINED))
    .map((line) => Date.parse(JSON.parse(line).timestamp));
}

interface Member {
  readonly process: string;
  readonly program: Program;
  isExpectedToEnd: boolean;
}
