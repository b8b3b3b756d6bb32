/**
 * The network between simulated processes and the nodes of an embedded cluster without sockets. Requests and answers
 * are the real bytes of both sides; they take their time, in order on each connection, and outlive who sent them: what
 * was sent before a connection was closed may still arrive and be done.
 */
import { Buffer } from "node:buffer";
import type { Cluster } from "../../../src/broker/cluster.ts";
import type { Interceptors } from "../../../src/broker/interceptor.ts";
import { dispatch } from "../../../src/broker/node/dispatch.ts";
import type { ManualClock } from "../manual_clock.ts";
import type { SeededRandom } from "../seeded_random.ts";
import type { SimulatedProcess } from "./process.ts";

export interface NetworkOptions {
  readonly cluster: Cluster;
  readonly interceptors: Interceptors;
  readonly clock: ManualClock;
  readonly random: SeededRandom;
  readonly onDefect: (text: string) => void;
}

/** What becomes of a request: the bytes of its answer; never anything; the end of its connection. */
type OnAnswer = (answer: Uint8Array) => void;

/** One connection of a process to a node. */
export class Link {
  readonly id: number;
  readonly nodeId: number;
  readonly process: SimulatedProcess;
  /** The server's side: aborts once it knows that the connection is closed. */
  readonly closed = new AbortController();
  readonly onClosed: (reason: string) => void;
  isClosedByClient = false;
  arrivesAt = 0;
  answersAt = 0;
  served: Promise<void> = Promise.resolve();
  isServing = false;

  constructor(facts: Pick<Link, "id" | "nodeId" | "process" | "onClosed">) {
    this.id = facts.id;
    this.nodeId = facts.nodeId;
    this.process = facts.process;
    this.onClosed = facts.onClosed;
  }
}

const LATENCY_MAX_MS = 12;
const SLOW_LATENCY_MAX_MS = 400;
const SLOW_SHARE = 0.02;

export class Network {
  readonly #options: NetworkOptions;
  readonly #links = new Set<Link>();
  /** Process or node -> when it can be reached again. */
  readonly #cutOffUntil = new Map<SimulatedProcess | number, number>();
  /** Connections that a client closed. */
  readonly #givenUp = new Set<number>();
  #nextLinkId = 0;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** The node that listens there; undefined where none does. */
  nodeAt(port: number): number | undefined {
    return this.#options.cluster.nodes().find((node) => node.port === port)?.id;
  }

  /** Nothing passes to and from a process or a node for so long, and no connection ends by it. */
  cutOff(what: SimulatedProcess | number, durationMs: number): void {
    this.#cutOffUntil.set(what, this.#options.clock.now() + durationMs);
  }

  /** Everything passes again. */
  heal(): void {
    this.#cutOffUntil.clear();
  }

  /** Connects; `onOpen` hears of success, `onClosed` of the end, a refusal included. */
  connect(
    process: SimulatedProcess,
    nodeId: number,
    { onOpen, onClosed }: { readonly onOpen: () => void; readonly onClosed: Link["onClosed"] },
  ): Link {
    const link = new Link({ id: this.#nextLinkId++, nodeId, process, onClosed });
    this.#later(this.#delayMs(link), () => {
      if (!this.#options.cluster.isUp(nodeId)) return this.#endAtClient(link, "refused");
      this.#links.add(link);
      this.#toClient(link, onOpen);
    });
    return link;
  }

  send(link: Link, frame: Uint8Array, onAnswer: OnAnswer): void {
    const { clock, random } = this.#options;
    link.arrivesAt = Math.max(link.arrivesAt, clock.now() + this.#delayMs(link));
    this.#later(link.arrivesAt - clock.now(), () => {
      if (link.closed.signal.aborted) return;
      // Behind a request that is being served nothing is read any more from a connection that was closed.
      if (link.isClosedByClient && (link.isServing || random.chance(0.5))) return;
      link.served = link.served.then(() => this.#serve(link, frame, onAnswer));
    });
  }

  /** The client closes; the server learns of it later. */
  close(link: Link): void {
    if (link.isClosedByClient) return;
    link.isClosedByClient = true;
    this.#givenUp.add(link.id);
    this.#later(this.#delayMs(link), () => this.#endAtServer(link));
  }

  /** Did the client close it, so that no answer reaches it any more? */
  wasGivenUp(linkId: number): boolean {
    return this.#givenUp.has(linkId);
  }

  /** A node ends, or cuts its connections. */
  cut(nodeId: number): void {
    for (const link of [...this.#links]) {
      if (link.nodeId !== nodeId) continue;
      this.#endAtServer(link);
      this.#endAtClient(link, "the broker closed it");
    }
  }

  /** A process is gone: the nodes learn of it. */
  cutProcess(process: SimulatedProcess): void {
    for (const link of [...this.#links]) if (link.process === process) this.close(link);
  }

  async #serve(link: Link, frame: Uint8Array, onAnswer: OnAnswer): Promise<void> {
    if (link.closed.signal.aborted) return;
    const { cluster, interceptors, onDefect } = this.#options;
    link.isServing = true;
    const dispatched = await dispatch(frame, {
      cluster,
      interceptors,
      nodeId: link.nodeId,
      connectionId: link.id,
      host: "/127.0.0.1",
      closed: link.closed.signal,
    }).catch((error) => {
      onDefect(`The broker cannot serve a request: ${error.stack}`);
      return { kind: "cut" } as const;
    });
    link.isServing = false;
    if (link.closed.signal.aborted) return;
    if (dispatched.kind === "answer") {
      this.#toClient(link, () => onAnswer(Buffer.concat(dispatched.chunks)));
    } else if (dispatched.kind === "cut" || dispatched.kind === "last_words") {
      this.#endAtServer(link);
      this.#endAtClient(link, "the broker closed it");
    }
  }

  /** In order on a connection, and only while it is open. */
  #toClient(link: Link, task: () => void): void {
    const { clock } = this.#options;
    link.answersAt = Math.max(link.answersAt, clock.now() + this.#delayMs(link));
    this.#later(link.answersAt - clock.now(), () => {
      if (!link.isClosedByClient) link.process.run(task);
    });
  }

  #endAtClient(link: Link, reason: string): void {
    this.#toClient(link, () => link.onClosed(reason));
  }

  #endAtServer(link: Link): void {
    this.#links.delete(link);
    link.closed.abort();
  }

  #later(delayMs: number, task: () => void): void {
    this.#options.clock.schedule(delayMs, task);
  }

  #delayMs({ process, nodeId }: Link): number {
    const { clock, random } = this.#options;
    const isSlow = random.chance(SLOW_SHARE);
    const latencyMs = random.between(1, isSlow ? SLOW_LATENCY_MAX_MS : LATENCY_MAX_MS);
    const until = Math.max(
      this.#cutOffUntil.get(process) ?? 0,
      this.#cutOffUntil.get(nodeId) ?? 0,
    );
    return Math.max(0, until - clock.now()) + latencyMs;
  }
}
