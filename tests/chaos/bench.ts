/**
 * A run of a chaos test: a topic under steady load, a group of service processes at work on it, faults that the test
 * injects, and the verdict at the end. The run is not over before everything has its outcome and is committed.
 */
import { eventually } from "../support/eventually.ts";
import { GroupObserver } from "../support/group_observer.ts";
import { ProcessWatch } from "../support/process_watch.ts";
import { Recording } from "../support/recording.ts";
import { SteadyLoad } from "../support/steady_load.ts";
import {
  type BenchOptions,
  type Fault,
  type FaultOptions,
  PLAN,
  RATE,
  SETTINGS,
} from "./bench_options.ts";
import type { ChaosCluster } from "./cluster.ts";
import { Fleet } from "./fleet.ts";
import { Ledger } from "./ledger.ts";
import { type Report, reportOf } from "./report.ts";

const LOOK_PAUSE_MS = 200;
const SAMPLE_EVERY_LOOKS = 10;
/** What comes in so many seconds may wait. */
const LITTLE_S = 3;
const PROCESSES = 3;
const PARTITIONS = 12;
const HEAL_DEADLINE_MS = 120_000;
const START_DEADLINE_MS = 120_000;
const SETTLE_DEADLINE_MS = 120_000;

export class Bench implements AsyncDisposable {
  readonly cluster: ChaosCluster;
  readonly topic: string;
  readonly group: string;
  readonly ledger: Ledger;
  readonly fleet: Fleet;
  readonly rate: number;
  readonly #options: BenchOptions;
  readonly #directory: string;
  readonly #resources: AsyncDisposableStack;
  readonly #watch = new ProcessWatch();
  readonly #faults: Fault[] = [];
  readonly #problems: string[] = [];
  readonly #startedAt = Date.now();
  #observer: GroupObserver | null = null;
  #load: SteadyLoad | null = null;
  #partitions: number;
  #loads = 0;
  #looking: Promise<void> | null = null;
  #isOver = false;
  #looks = 0;

  private constructor(
    cluster: ChaosCluster,
    parts: {
      readonly options: BenchOptions;
      readonly directory: string;
      readonly recording: Recording;
      readonly resources: AsyncDisposableStack;
    },
  ) {
    const { options, directory, recording, resources } = parts;
    const name = crypto.randomUUID().slice(0, 8);
    this.cluster = cluster;
    this.topic = `chaos-${name}`;
    this.group = `group-${name}`;
    this.rate = options.rate ?? RATE;
    this.#partitions = options.partitions ?? PARTITIONS;
    this.#options = options;
    this.#directory = directory;
    this.#resources = resources;
    this.ledger = new Ledger({ topic: this.topic, observer: `${directory}/observer` });
    this.fleet = new Fleet({
      cluster,
      recording,
      topic: this.topic,
      group: this.group,
      settings: { ...SETTINGS, ...options.settings },
      plan: { ...PLAN, ...options.plan },
      isStatic: options.isStatic ?? false,
      route: (place) => place === 1 && options.firstRoute || (options.route ?? "DIRECT"),
      onStarted: (record) => this.ledger.addProcess(record),
    });
  }

  /** Starts everything, and waits until each process has done something. */
  static async start(cluster: ChaosCluster, options: BenchOptions = {}): Promise<Bench> {
    const resources = new AsyncDisposableStack();
    const directory = await Deno.makeTempDir({ prefix: "chaos-" });
    resources.defer(() => Deno.remove(directory, { recursive: true }));
    const recording = resources.use(await Recording.start());
    const bench = new Bench(cluster, { options, directory, recording, resources });
    try {
      await bench.#begin();
    } catch (error) {
      await bench[Symbol.asyncDispose]();
      throw error;
    }
    return bench;
  }

  /** How many the topic has now. */
  get partitions(): number {
    return this.#partitions;
  }

  /** The places whose processes a fault may be done to. */
  get targets(): readonly number[] {
    return this.fleet.places.filter((place) => place !== 1 || !this.#options.sparesFirst);
  }

  /** Messages go in until `stopLoad`. */
  async startLoad(): Promise<void> {
    this.#loads += 1;
    const path = `${this.#directory}/load-${this.#loads}`;
    this.ledger.addLoad(path);
    const { users = 600, invalidShare = 0, seed = newSeed() } = this.#options;
    const { topic, rate } = this;
    const bootstrap = this.cluster.bootstrap();
    const place = { bootstrap, topic, path };
    this.#load = await SteadyLoad.start({ ...place, rate, users, invalidShare, seed });
    this.#resources.use(this.#load);
  }

  /** Waits until all that was sent is acknowledged. */
  async stopLoad(): Promise<void> {
    const load = this.#load;
    this.#load = null;
    await load?.stop();
    await this.ledger.read();
  }

  /**
   * Injects a fault, which answers whose work may be done again because of it, and waits until every partition moves
   * again and little waits. What does not is a problem of the run.
   */
  async fault(
    name: string,
    body: () => Promise<readonly string[] | void>,
    options: FaultOptions = {},
  ): Promise<void> {
    const { healWithinMs = HEAL_DEADLINE_MS } = options;
    const from = Date.now();
    const victims = await body() ?? [];
    const since = Date.now();
    await this.#unlessLate(() => this.untilHealed(name, { since, withinMs: healWithinMs }));
    this.#faults.push({ ...options, name, victims, from, to: Date.now() });
  }

  /** Waits until every partition has moved after `since`, or without load has nothing left, and little waits. */
  async untilHealed(
    name: string,
    { since, withinMs }: { readonly since: number; readonly withinMs: number },
  ): Promise<void> {
    const { ledger, rate } = this;
    await this.until(`all goes on after: ${name}`, () => {
      const isMoving = this.#load === null
        ? ledger.stuckSince(since).length === 0
        : ledger.movedSince(since) === this.#partitions;
      return isMoving && ledger.waiting < LITTLE_S * rate;
    }, withinMs);
  }

  /** Waits while the run goes on. */
  async until(what: string, isSo: () => boolean, withinMs: number): Promise<void> {
    try {
      await eventually(what, isSo, { withinMs, everyMs: LOOK_PAUSE_MS / 2 });
    } catch (error) {
      const text = `${error instanceof Error ? error.message : error}\n${this.ledger.describe()}`;
      throw new Error(text);
    }
  }

  /** Lets the run go on for so long, while `isOver` does not say otherwise. */
  async goOn(durationMs: number, isOver: () => boolean = () => false): Promise<void> {
    const endsAt = Date.now() + durationMs;
    const over = () => Date.now() >= endsAt || isOver();
    await this.until("time is up", over, durationMs + START_DEADLINE_MS);
  }

  /** The topic gets more partitions: all of them have to move. */
  async addPartitions(count: number): Promise<void> {
    await this.cluster.ask((admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: this.topic, count }] })
    );
    this.#partitions = count;
  }

  /** Something that no fault explains and that breaks a promise. */
  addProblem(text: string): void {
    this.#problems.push(text);
  }

  /** Ends the load, waits until all is done and committed, ends the fleet and judges the run. */
  async finish(): Promise<Report> {
    await this.stopLoad();
    const { ledger } = this;
    await this.#unlessLate(() =>
      this.until(
        "all has its outcome and is committed",
        () => ledger.waiting <= 0 && ledger.isCommitted,
        SETTLE_DEADLINE_MS,
      )
    );
    const endedAt = Date.now();
    const exits = await this.fleet.terminateAll();
    if (exits.some(({ code }) => code !== 0)) {
      this.addProblem(`SIGTERM at the end: exit codes ${exits.map(({ code }) => code)}`);
    }
    await this.#stopLooking();
    return reportOf({
      ledger,
      topic: this.topic,
      faults: this.#faults,
      processes: this.#options.processes ?? PROCESSES,
      mayGoBack: this.#options.mayGoBack ?? false,
      ended: this.fleet.ended,
      unhandled: this.fleet.unhandled(),
      problems: this.#problems,
      watch: this.#watch,
      startedAt: this.#startedAt,
      endedAt,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#looking?.catch(() => {});
    await this.#resources[Symbol.asyncDispose]();
  }

  async #begin(): Promise<void> {
    const { replicas, processes = PROCESSES } = this.#options;
    await this.cluster.createTopic(this.topic, this.#partitions, replicas);
    this.#resources.defer(() => this.cluster.deleteTopic(this.topic));
    this.#resources.use(this.fleet);
    this.#observer = await GroupObserver.start({
      bootstrap: this.cluster.bootstrap(),
      group: this.group,
      deadLetterTopic: `${this.topic}.dlq`,
      path: `${this.#directory}/observer`,
    });
    this.#resources.use(this.#observer);
    for (let place = 1; place <= processes; place += 1) await this.fleet.start(place);
    await this.startLoad();
    this.#looking = this.#look();
    const started = () =>
      this.fleet.places.every((place) => this.ledger.of(this.fleet.processAt(place)).length > 0);
    await this.until("every process does something", started, START_DEADLINE_MS);
    const withinMs = START_DEADLINE_MS;
    await this.untilHealed("the start", { since: Date.now(), withinMs });
  }

  /** Reads on while the run goes on, fills places whose process ended, and samples what processes use. */
  async #look(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.ledger.read();
        await this.fleet.refill();
        this.#observer?.check();
        this.#looks += 1;
        if (this.#looks % SAMPLE_EVERY_LOOKS === 0) await this.#watch.look(this.fleet.pids);
      } catch (error) {
        this.addProblem(`Nobody looked on any more: ${error}`);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_PAUSE_MS));
    }
  }

  async #stopLooking(): Promise<void> {
    this.#isOver = true;
    await this.#looking;
    await this.ledger.read();
  }

  /** What is not done in time is for the verdict to tell, message by message. */
  async #unlessLate(wait: () => Promise<void>): Promise<void> {
    try {
      await wait();
    } catch (error) {
      this.addProblem(error instanceof Error ? error.message : String(error));
    }
  }
}

function newSeed(): number {
  return Math.trunc(Math.random() * 2 ** 31);
}
