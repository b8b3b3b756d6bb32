/**
 * The thread's side: one whole service, a member of the group, without HTTP, signals and output. It does what the main
 * thread orders and reports once a second.
 */
import { loadConfig } from "../config.ts";
import { watchEventLoop } from "../ops/event_loop.ts";
import { ExitError } from "../ops/exit.ts";
import { Health } from "../ops/health.ts";
import { ActionError } from "../ops/http/actions.ts";
import { startTracing } from "../ops/otel.ts";
import { Recent } from "../ops/recent.ts";
import { cpuTimeMs, systemClock } from "../ops/system_clock.ts";
import { Telemetry } from "../ops/telemetry.ts";
import type { Handlers } from "../processing/handler.ts";
import { Service } from "../service.ts";
import { plainError } from "./plain_error.ts";
import {
  type Begin,
  type News,
  type Order,
  type Question,
  REPORT_EVERY_MS,
  SLOWEST_MAX,
  type WorkerReport,
} from "./protocol.ts";
import { RelayedLog, SILENT } from "./relayed_log.ts";
import { splitConfig } from "./split.ts";

/** Makes the handlers of one thread: they share nothing with those of another. */
export type HandlersFor = (options: { readonly environment: string }) => Handlers;

/** What Deno gives a worker's thread beside what every thread has. */
interface WorkerScope {
  postMessage(news: News): void;
  addEventListener(type: "message", listener: (event: MessageEvent<Order>) => void): void;
}

/** Waits for orders; the first is `begin`. Called once, by the module that a worker is started with. */
export function runWorker(handlersFor: HandlersFor): void {
  const scope = globalThis as unknown as WorkerScope;
  const send = (news: News) => scope.postMessage(news);
  breakOnUncaught(send);
  let pipeline: Promise<Pipeline> | null = null;
  scope.addEventListener("message", ({ data: order }) => {
    if (order.type === "begin") pipeline = Pipeline.begin(order, { handlersFor, send });
    else void pipeline?.then((begun) => begun.obey(order));
  });
}

/** What nobody catches is a bug: the main thread ends the process, and at-least-once makes a restart safe. */
function breakOnUncaught(send: (news: News) => void): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    send({ type: "broke", error: plainError(event.reason) });
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    send({ type: "broke", error: plainError(event.error) });
  });
}

class Pipeline {
  readonly #send: (news: News) => void;
  readonly #log: RelayedLog;
  readonly #recent: Recent;
  readonly #telemetry: Telemetry;
  readonly #health = new Health();
  readonly #service: Service;
  readonly #join = Promise.withResolvers<void>();
  readonly #unwatchLoop: () => void;
  #cancelReport = () => {};

  private constructor(
    options: {
      readonly send: (news: News) => void;
      readonly log: RelayedLog;
      readonly recent: Recent;
      readonly telemetry: Telemetry;
      readonly serviceOptions: Omit<
        ConstructorParameters<typeof Service>[0],
        "logger" | "telemetry" | "health" | "mayJoin"
      >;
    },
  ) {
    const { send, log, recent, telemetry, serviceOptions } = options;
    this.#send = send;
    this.#log = log;
    this.#recent = recent;
    this.#telemetry = telemetry;
    this.#unwatchLoop = watchEventLoop(systemClock, telemetry.measures.eventLoopDelay);
    this.#service = new Service({
      ...serviceOptions,
      logger: log,
      telemetry,
      health: this.#health,
      mayJoin: () => {
        send({ type: "connected" });
        return this.#join.promise;
      },
    });
  }

  static async begin(
    { share, sources, version }: Begin,
    { handlersFor, send }: {
      readonly handlersFor: HandlersFor;
      readonly send: (news: News) => void;
    },
  ): Promise<Pipeline> {
    const loaded = loadConfig({ ...sources, readFile: Deno.readTextFileSync });
    const config = splitConfig(loaded.config, share);
    const clock = systemClock;
    const log = new RelayedLog(config.logLevel, send);
    const recent = new Recent(clock, { showValues: config.consoleShowValues });
    const telemetry = new Telemetry({ logger: log, clock, recent, operatorLogger: SILENT });
    const handlers = handlersFor({ environment: config.environment });
    const { kafkaGroupId: groupId, kafkaClientId: clientId } = config;
    const tracing = await startTracing({ groupId, clientId, serviceVersion: version });
    const serviceOptions = { config, handlers, clock, version, tracing, cpuTimeMs };
    const pipeline = new Pipeline({ send, log, recent, telemetry, serviceOptions });
    pipeline.#start();
    return pipeline;
  }

  async obey(order: Exclude<Order, Begin>): Promise<void> {
    switch (order.type) {
      case "join":
        return this.#join.resolve();
      case "stop":
        return await this.#stop();
      case "log_level":
        return this.#log.setLevel(order.level);
      case "ask":
        return await this.#answer(order.id, order.question);
    }
  }

  #start(): void {
    this.#report();
    const end = (error: unknown) => {
      if (!(error instanceof ExitError)) throw error;
      this.#send({ type: "ended", exitCode: error.exitCode, message: error.message });
    };
    void this.#service.start().catch(end);
    void this.#service.ended.then(end);
  }

  async #stop(): Promise<void> {
    const stopping = this.#service.stop();
    this.#join.resolve();
    const { abandoned } = await stopping;
    this.#cancelReport();
    this.#unwatchLoop();
    this.#telemetry.stop();
    this.#send({ type: "stopped", abandoned, report: this.#picture() });
  }

  #report(): void {
    this.#send({ type: "report", report: this.#picture() });
    this.#cancelReport = systemClock.schedule(REPORT_EVERY_MS, () => this.#report());
  }

  #picture(): WorkerReport {
    const { heapUsed, external } = Deno.memoryUsage();
    const { deadLetters, losses, rebalance } = this.#recent;
    return {
      status: this.#service.status(),
      health: this.#health.facts(),
      counts: this.#telemetry.counts(),
      measures: this.#telemetry.measures.data(),
      slowest: this.#service.slowest(SLOWEST_MAX),
      happened: { deadLetters, losses, rebalance },
      heapUsedBytes: heapUsed,
      externalBytes: external,
    };
  }

  async #answer(id: number, question: Question): Promise<void> {
    try {
      const value = await this.#do(question);
      this.#send({ type: "answer", id, value, refusal: null });
    } catch (error) {
      if (!(error instanceof ActionError)) throw error;
      const { message: text, status } = error;
      this.#send({ type: "answer", id, value: null, refusal: { text, status } });
    }
  }

  #do(question: Question): unknown {
    const { operator, deadLetters } = this.#service;
    switch (question.what) {
      case "pause":
      case "resume":
        return operator[question.what](question.scope, question.facts);
      case "rehearse":
        return deadLetters.rehearse(question.scope, question.facts);
      case "dead_letters":
        return deadLetters.document();
      case "expire_dead_letters":
        return deadLetters.expire();
    }
  }
}
