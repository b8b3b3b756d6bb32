/** A Caller over the simulated network, with the promises of the real one: see Connections in src/kafka/connections.ts. */
import { Buffer } from "node:buffer";
import { apiByKey } from "../../../src/broker/requests/mod.ts";
import {
  type Call,
  type ClosableCaller,
  ConnectionError,
  type Purpose,
  withDeadline,
} from "../../../src/kafka/connections.ts";
import { newEncoder } from "../../../src/kafka/kafkajs.ts";
import type { ApiRequest, BrokerAddress } from "../../../src/kafka/protocol.ts";
import type { Link, Network } from "./network.ts";
import type { SimulatedProcess } from "./process.ts";

interface Open {
  readonly link: Link;
  readonly opening: Promise<void>;
  /** Rejects what waits for an answer. */
  readonly waiting: Set<(error: Error) => void>;
  isClosed: boolean;
}

const CONNECT_DEADLINE_MS = 3_000;
/** Length and correlation id. */
const ANSWER_HEAD_BYTES = 8;

export class SimulatedCaller implements ClosableCaller {
  readonly #network: Network;
  readonly #process: SimulatedProcess;
  readonly #clientId: string;
  readonly #open = new Map<string, Open>();
  #correlationId = 0;
  #stopped = false;

  constructor(network: Network, process: SimulatedProcess, clientId: string) {
    this.#network = network;
    this.#process = process;
    this.#clientId = clientId;
  }

  async call<Answer>({ to, purpose, request, deadlineMs }: Call<Answer>): Promise<Answer> {
    if (this.#stopped) throw closedError("the service stops");
    const key = keyOf(to, purpose);
    const open = this.#open.get(key) ?? this.#connect(key, to);
    await open.opening;
    const version = Math.min(request.maxVersion, apiByKey(request.apiKey)?.maxVersion ?? -1);
    const frame = await this.#encode(request, version);
    const answer = await withDeadline(this.#exchange(open, frame), {
      clock: this.#process,
      deadlineMs,
      missed: `No answer to ${request.apiName} in ${deadlineMs} ms`,
      onMissed: () => this.#close(key, open, "a deadline was missed"),
    });
    return await request.decode(Buffer.from(answer.subarray(ANSWER_HEAD_BYTES)), version);
  }

  drop(to: BrokerAddress, purpose: Purpose, reason: string): void {
    const key = keyOf(to, purpose);
    const open = this.#open.get(key);
    if (open !== undefined) this.#close(key, open, reason);
  }

  close(): void {
    this.#stopped = true;
    for (const [key, open] of [...this.#open]) this.#close(key, open, "the service stops");
  }

  #connect(key: string, to: BrokerAddress): Open {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const nodeId = this.#network.nodeAt(to.port);
    if (nodeId === undefined) throw closedError(`nobody listens at ${to.port}`);
    const waiting = new Set([reject]);
    const link = this.#network.connect(this.#process, nodeId, {
      onOpen: resolve,
      onClosed: (reason) => this.#close(key, open, reason),
    });
    const opening = withDeadline(promise, {
      clock: this.#process,
      deadlineMs: CONNECT_DEADLINE_MS,
      missed: `${key} could not be connected`,
      onMissed: () => this.#close(key, open, "a deadline was missed"),
    });
    opening.catch(() => {}); // told to whoever called
    const open: Open = { link, opening, waiting, isClosed: false };
    this.#open.set(key, open);
    return open;
  }

  async #encode(request: ApiRequest<unknown>, version: number): Promise<Uint8Array> {
    const body = await request.encode(version).encode();
    const head = newEncoder().writeInt16(request.apiKey).writeInt16(version);
    head.writeInt32(this.#correlationId++).writeString(this.#clientId);
    return Buffer.concat([head.buffer, body.buffer]);
  }

  #exchange({ link, waiting, isClosed }: Open, frame: Uint8Array): Promise<Uint8Array> {
    if (isClosed) return Promise.reject(closedError("it was closed before the request was sent"));
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    waiting.add(reject);
    this.#network.send(link, frame, (answer) => {
      waiting.delete(reject);
      resolve(answer);
    });
    return promise;
  }

  #close(key: string, open: Open, reason: string): void {
    if (open.isClosed) return;
    open.isClosed = true;
    if (this.#open.get(key) === open) this.#open.delete(key);
    this.#network.close(open.link);
    for (const reject of open.waiting) reject(closedError(reason));
    open.waiting.clear();
  }
}

function closedError(reason: string): ConnectionError {
  return new ConnectionError(`Connection closed: ${reason}`, { broker: "simulated" });
}

function keyOf({ host, port }: BrokerAddress, purpose: Purpose): string {
  return `${host}:${port}/${purpose}`;
}
