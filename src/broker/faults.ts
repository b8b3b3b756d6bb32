/**
 * What is to go wrong in the embedded broker, as a script: which requests are hit, how often, and by what. The same
 * script and seed on the same requests in the same order does the same. Real brokers do all of this, only never when a
 * test needs it.
 */
import { type BrokerClock, machineClock } from "./clock.ts";
import type { EmbeddedKafka, PartitionName } from "./embedded_kafka.ts";
import {
  corrupted,
  names,
  refusedIn,
  staleLeaders,
  throttled,
  withoutPartition,
} from "./faults/messages.ts";
import { FaultRandom } from "./faults/random.ts";
import { CUT, type InterceptedRequest, type Reply, type Serve } from "./interceptor.ts";
import type { ApiName } from "./requests/mod.ts";

/** Which requests a fault hits: those that fit all that is said. */
export interface Target {
  readonly api?: ApiName | readonly ApiName[];
  /** On this node. */
  readonly node?: number;
  /** On this connection, as the hits name it. */
  readonly connection?: number;
  readonly clientId?: string;
  /** Requests that name this partition. */
  readonly partition?: PartitionName;
  /** Whatever else has to be so. */
  readonly where?: (request: InterceptedRequest) => boolean;
  /** So many that fit go well first; 0 by default. */
  readonly after?: number;
  /** So many are hit then; by default all, until the fault is lifted. */
  readonly times?: number;
  /** How likely each of them is hit; 1 by default. */
  readonly chance?: number;
}

/** A fault that is in force. */
export interface Fault {
  /** How many requests it has hit. */
  readonly hits: number;
  /** Ends it. What it holds back is served now. */
  lift(): void;
}

/** One request that was hit. */
export interface Hit {
  readonly fault: string;
  readonly apiName: ApiName;
  readonly nodeId: number;
  readonly connectionId: number;
}

export interface FaultsOptions {
  /** For chances, delays and flipped bits. */
  readonly seed?: number;
  /** The machine's clock by default. */
  readonly clock?: BrokerClock;
}

/** What faults need of the broker. */
type FaultyKafka = Pick<EmbeddedKafka, "intercept" | "partitions">;

type Act = (request: InterceptedRequest, serve: Serve) => Reply | Promise<Reply>;

/** The faults of one broker. */
export class Faults {
  readonly #kafka: FaultyKafka;
  readonly #random: FaultRandom;
  readonly #clock: BrokerClock;
  readonly #hits: Hit[] = [];
  readonly #inForce = new Set<Fault>();

  constructor(kafka: FaultyKafka, options: FaultsOptions = {}) {
    this.#kafka = kafka;
    this.#random = new FaultRandom(options.seed ?? 1);
    this.#clock = options.clock ?? machineClock;
  }

  /** Every request that was hit, in order. */
  get hits(): readonly Hit[] {
    return this.#hits;
  }

  /** Ends every fault. */
  liftAll(): void {
    for (const fault of [...this.#inForce]) fault.lift();
  }

  /**
   * The broker refuses with this code and does nothing. When the target names a partition, that one alone is refused
   * and the rest of the request is served.
   */
  fail(target: Target, errorCode: number): Fault {
    return this.#add(`fail ${errorCode}`, target, async (request, serve) => {
      const refusal = request.refuse(errorCode);
      const { partition } = target;
      if (partition === undefined || refusal.kind !== "answer") return refusal;
      const rest = withoutPartition(request.body, partition);
      const served = rest === null ? refusal : await serve(rest);
      if (served.kind !== "answer") return served;
      return { kind: "answer", body: refusedIn(served.body, refusal.body, partition) };
    });
  }

  /** The broker does what it is asked, and then answers this code, as if it had not: its effect is unknown. */
  failAfterwards(target: Target, errorCode: number): Fault {
    return this.#add(`fail ${errorCode} afterwards`, target, async (request, serve) => {
      await serve();
      return request.refuse(errorCode);
    });
  }

  /** The request, or its answer, takes that much longer; from a range by the seed. */
  delay(
    target: Target,
    ms: number | readonly [from: number, to: number],
    what: "request" | "answer" = "request",
  ): Fault {
    return this.#add(`delay ${what}`, target, async (request, serve) => {
      const delayMs = typeof ms === "number" ? ms : this.#random.between(ms[0], ms[1]);
      if (what === "request") await this.#pause(delayMs, request.closed);
      const reply = await serve();
      if (what === "answer") await this.#pause(delayMs, request.closed);
      return reply;
    });
  }

  /** The connection is closed instead of an answer: before the broker does what it is asked, or after. */
  cut(target: Target, when: "before" | "after" = "before"): Fault {
    return this.#add(`cut ${when}`, target, async (_request, serve) => {
      if (when === "after") await serve();
      return CUT;
    });
  }

  /** Only the first bytes of the answer arrive, its length included; then the connection is closed. */
  truncate(target: Target, bytes: number): Fault {
    return this.#add("truncate", target, async (_request, serve) => {
      const reply = await serve();
      return reply.kind === "answer" ? { kind: "part", body: reply.body, bytes } : reply;
    });
  }

  /**
   * The connection is taken and stands still, as with a frozen broker or a half-open network. Lifted, it goes on with
   * the requests whose clients still wait.
   */
  freeze(target: Target): Fault {
    const lifted = Promise.withResolvers<void>();
    const act: Act = async (request, serve) => {
      await untilEither(lifted.promise, request.closed);
      return request.closed.aborted ? CUT : await serve();
    };
    return this.#add("freeze", target, act, lifted.resolve);
  }

  /** The broker does what it is asked, and the connection stands still instead of an answer. */
  loseAnswer(target: Target): Fault {
    const lifted = Promise.withResolvers<void>();
    const act: Act = async (request, serve) => {
      await serve();
      await untilEither(lifted.promise, request.closed);
      return CUT;
    };
    return this.#add("lose the answer", target, act, lifted.resolve);
  }

  /** The answer tells the client to hold back for so long. */
  throttle(target: Target, throttleTimeMs: number): Fault {
    return this.#add("throttle", target, async (_request, serve) => {
      const reply = await serve();
      return reply.kind === "answer"
        ? { ...reply, body: throttled(reply.body, throttleTimeMs) }
        : reply;
    });
  }

  /** A bit of the records that a Fetch brings of a partition is flipped on the way; the log stays as it is. */
  corrupt(target: Target & { readonly partition: PartitionName }): Fault {
    return this.#add("corrupt", { api: "Fetch", ...target }, async (_request, serve) => {
      const reply = await serve();
      if (reply.kind !== "answer") return reply;
      const flip = (bits: number) => this.#random.below(bits);
      return { ...reply, body: corrupted(reply.body, target.partition, flip) };
    });
  }

  /** Metadata keeps to the leaders of these topics as they are now. */
  staleMetadata(topics: readonly string[], target: Target = {}): Fault {
    const before = new Map(topics.map((topic) => [topic, this.#kafka.partitions(topic)]));
    return this.#add("stale metadata", { api: "Metadata", ...target }, async (_request, serve) => {
      const reply = await serve();
      return reply.kind === "answer" ? { ...reply, body: staleLeaders(reply.body, before) } : reply;
    });
  }

  /** Something else happens right before such a request is served: a leader moves, a session ends. */
  before(target: Target, happens: () => void | Promise<void>): Fault {
    return this.#add("before", target, async (_request, serve) => {
      await happens();
      return await serve();
    });
  }

  /** Something else happens right after such a request was served, before its answer goes out. */
  after(target: Target, happens: () => void | Promise<void>): Fault {
    return this.#add("after", target, async (_request, serve) => {
      const reply = await serve();
      await happens();
      return reply;
    });
  }

  #add(fault: string, target: Target, act: Act, onLifted = () => {}): Fault {
    let fitting = 0;
    let hits = 0;
    const { after = 0, times = Infinity, chance = 1 } = target;
    const remove = this.#kafka.intercept((request, serve) => {
      if (hits >= times || !fits(request, target)) return serve();
      fitting += 1;
      if (fitting <= after || !this.#random.chance(chance)) return serve();
      hits += 1;
      const { apiName, nodeId, connectionId } = request;
      this.#hits.push({ fault, apiName, nodeId, connectionId });
      return act(request, serve);
    });
    const added: Fault = {
      get hits() {
        return hits;
      },
      lift: () => {
        remove();
        this.#inForce.delete(added);
        onLifted();
      },
    };
    this.#inForce.add(added);
    return added;
  }

  async #pause(delayMs: number, closed: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.schedule(delayMs, resolve);
    await untilEither(promise, closed);
    cancel();
  }
}

function fits(request: InterceptedRequest, target: Target): boolean {
  const { api, node, connection, clientId, partition, where } = target;
  const { apiName, nodeId, connectionId } = request;
  return (api === undefined ||
    (typeof api === "string" ? api === apiName : api.includes(apiName))) &&
    (node === undefined || node === nodeId) &&
    (connection === undefined || connection === connectionId) &&
    (clientId === undefined || clientId === request.clientId) &&
    (partition === undefined || names(request.body, partition)) &&
    (where === undefined || where(request));
}

async function untilEither(promise: Promise<void>, closed: AbortSignal): Promise<void> {
  if (closed.aborted) return;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  closed.addEventListener("abort", end, { once: true });
  await Promise.race([promise, ended]);
  closed.removeEventListener("abort", end);
}
