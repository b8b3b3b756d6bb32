/** One instance of the service in the simulation: all of the real one but its sockets, its clock and its handler. */
import { loadConfig } from "../../../src/config.ts";
import { Health } from "../../../src/ops/health.ts";
import { Telemetry } from "../../../src/ops/telemetry.ts";
import { sleep } from "../../../src/processing/clock.ts";
import type { HandlerContext, Logger } from "../../../src/processing/message.ts";
import { Service } from "../../../src/service.ts";
import type { SeededRandom } from "../seeded_random.ts";
import { SimulatedCaller } from "./caller.ts";
import type { Network } from "./network.ts";
import type { GroupOracle, Witness } from "./oracle.ts";
import type { SimulatedProcess } from "./process.ts";

export interface MemberOptions {
  readonly name: string;
  readonly process: SimulatedProcess;
  readonly network: Network;
  readonly random: SeededRandom;
  readonly oracle: GroupOracle;
  readonly settings: Readonly<Record<string, string>>;
  readonly logger: Logger;
  readonly handlerMaxMs: () => number;
  readonly note: (text: string) => void;
}

const VERSION = "0.0.0";

export class SimulatedMember implements Witness {
  readonly name: string;
  readonly process: SimulatedProcess;
  readonly #options: MemberOptions;
  readonly #health = new Health();
  readonly #telemetry: Telemetry;
  readonly #service: Service;
  #isStopping = false;
  hasStopped = false;

  constructor(options: MemberOptions) {
    const { name, process: clock, network, logger } = this.#options = options;
    this.name = name;
    this.process = clock;
    const config = loadConfig({
      flags: new Map(),
      env: { ...options.settings },
      readFile: () => {
        throw Object.assign(new Error("There are no files here"), { name: "NotFound" });
      },
    });
    this.#telemetry = new Telemetry({ logger, clock });
    this.#service = new Service({
      ...config,
      clock,
      logger,
      health: this.#health,
      telemetry: this.#telemetry,
      tracing: null,
      version: VERSION,
      caller: new SimulatedCaller(network, clock, name),
      handlers: { byType: {}, default: (event, context) => this.#handle(event.event_id, context) },
    });
  }

  /** Resolves when the service has checked itself, which takes real time, and none of the simulation's. */
  async start(): Promise<void> {
    const { oracle, name } = this.#options;
    void this.#service.ended.then((error) => {
      oracle.blame(`${name} ended by itself: ${error.message}`);
    });
    this.#service.start().catch((error) => oracle.blame(`${name} did not start: ${error.stack}`));
    while (this.#health.facts().phase === "starting") {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  /** As at a signal. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    await this.#service.stop();
    this.#telemetry.stop();
    const { note, name } = this.#options;
    note(`${name} stopped`);
    this.hasStopped = true;
  }

  /** Timers that are not a handler's. */
  get timers(): number {
    return this.process.pending - this.#handlers;
  }

  get isAlive(): boolean {
    return this.process.state !== "dead";
  }

  get isRunning(): boolean {
    return this.process.state === "running" && !this.#isStopping;
  }

  mayStart(topic: string, partition: number): boolean {
    if (!this.isAlive || this.#health.facts().problems.has("lease")) return false;
    const { partitions } = this.#service.status();
    const own = partitions.find((each) => each.topic === topic && each.partition === partition);
    return own?.state === "active" || own?.state === "draining";
  }

  status(): string {
    const { generation, phase, partitions, problems } = this.#service.status();
    const list = partitions.map((each) =>
      `${each.partition}:${each.state}@${each.prefix}..${each.position} c${each.committed}`
    );
    return `${this.name} ${this.process.state} ${phase} g${generation} [${list}] ${
      JSON.stringify(problems)
    }`;
  }

  /** Handlers that wait: their timers are theirs. */
  #handlers = 0;

  #handle(
    eventId: string,
    { topic, partition, offset, signal }: HandlerContext,
  ): void | Promise<void> {
    const { oracle, random, process, handlerMaxMs, note } = this.#options;
    note(`${this.name} starts ${topic}/${partition}@${offset}`);
    const seen = { topic, partition, offset, eventId };
    oracle.started(this, seen);
    if (random.chance(0.2)) return oracle.done(this, seen);
    // It goes on all the same, as handlers do; the partition may come back to us meanwhile.
    signal.addEventListener("abort", () => oracle.abandoned(this, seen), { once: true });
    this.#handlers += 1;
    return sleep(process, random.below(handlerMaxMs())).then(() => {
      this.#handlers -= 1;
      oracle.done(this, seen);
    });
  }
}
