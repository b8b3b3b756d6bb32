/**
 * One connection per broker and purpose: a broker answers a connection in order, so a heartbeat must not wait behind
 * a join. Every request has a deadline; a missed one closes its connection, because kafkajs would go on using a dead
 * socket (network/requestQueue only forgets the entry). Knows nothing of what the requests mean.
 */
import type { Buffer } from "node:buffer";
import net from "node:net";
import tls from "node:tls";
import { type Clock, sleep } from "../processing/clock.ts";
import { agreedVersion, handshake, UnsupportedBrokerError } from "./handshake.ts";
import { isAboutCredentials, NoCredentialsError, refusalOf } from "./authentication.ts";
import {
  type Connection,
  type KafkajsLogger,
  newConnection,
  type SocketRequest,
} from "./kafkajs.ts";
import type { ApiRequest, BrokerAddress } from "./protocol.ts";

/** What a connection is for. */
export type Purpose =
  | "metadata"
  | "fetch"
  | "single_fetch"
  | "browse"
  | "group"
  | "heartbeat"
  | "commit"
  | "produce";

/** Sends requests to brokers. Connections is the real one; a simulation puts its own in this place. */
export interface Caller {
  /**
   * Sends one request and answers its decoded response, whatever error codes that holds.
   *
   * @throws ConnectionError when there is no connection, or it is lost before the answer
   * @throws DeadlineError when there is no answer within `deadlineMs`, counted once the connection stands
   * @throws UnsupportedBrokerError when the broker does not speak a version that we do
   * @throws AuthenticationError when our credentials are refused, NoCredentialsError when there are none to show
   */
  call<Answer>(call: Call<Answer>): Promise<Answer>;
  /** Closes this purpose's connection to a broker, so that whoever waits on it wakes up. */
  drop(to: BrokerAddress, purpose: Purpose, reason: string): void;
}

/** A Caller that can be ended: later calls are refused. */
export interface ClosableCaller extends Caller {
  close(): void;
}

export interface Call<Answer> {
  readonly to: BrokerAddress;
  readonly purpose: Purpose;
  readonly request: ApiRequest<Answer>;
  readonly deadlineMs: number;
}

export interface ConnectionsOptions {
  readonly clientId: string;
  /** TLS options for `tls.connect`, null for plaintext. */
  readonly ssl: object | null;
  /** kafkajs's sasl options, null for none. The object itself is kept: a getter on it re-reads a rotated secret. */
  readonly sasl: object | null;
  readonly connectionTimeoutMs: number;
  /** For the handshakes that precede the first request: versions and SASL. */
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  readonly kafkajsLogger: KafkajsLogger;
}

/** The connection could not be made, or was lost. `code` is the first socket error's, if any. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly broker: string;
  readonly code: string | undefined;
  /** It had answered before: a Kafka broker, in the protocol (TLS or not) that we speak. */
  readonly hadAnswered: boolean;
  constructor(
    message: string,
    details: { broker: string; code?: string; hadAnswered?: boolean; cause?: unknown },
  ) {
    super(message, { cause: details.cause });
    this.broker = details.broker;
    this.code = details.code;
    this.hadAnswered = details.hadAnswered ?? false;
  }
}

/** A broker did not answer in time. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
  /** It took the connection, and then did not get as far as taking requests. */
  readonly inHandshake: boolean;
  constructor(message: string, { inHandshake = false }: { inHandshake?: boolean } = {}) {
    super(message);
    this.inHandshake = inHandshake;
  }
}

const KEEP_ALIVE_MS = 10_000;
/** The longest that we hold back on a broker's word; it repeats itself if it means longer. */
const THROTTLE_MAX_MS = 10_000;
const HEARTBEAT_THROTTLE_MAX_MS = 1_000;
interface OpenConnection {
  readonly connection: Connection;
  readonly opening: Promise<void>;
  /** The first raw error of the socket: kafkajs loses it to "Not connected" when it comes late. */
  socketError: (Error & { readonly code?: string }) | null;
  closed: string | null;
  throttledUntil: number;
  /** Wakes who waits for this connection's sake. */
  readonly ended: AbortController;
}

export class Connections implements ClosableCaller {
  readonly #options: ConnectionsOptions;
  readonly #open = new Map<string, OpenConnection>();
  #stopped = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  async call<Answer>({ to, purpose, request, deadlineMs }: Call<Answer>): Promise<Answer> {
    const key = connectionKey(to, purpose);
    const open = this.#open.get(key) ?? this.#connect(key, to);
    await open.opening;
    await this.#waitForThrottle(open, purpose);
    const version = agreedVersion(open.connection.versions ?? {}, request, brokerName(to));
    const sent = open.connection.send({
      request: request.encode(version),
      response: {
        decode: async (payload: Buffer) => await request.decode(payload, version),
        parse: (decoded) => Promise.resolve(decoded),
      },
      logResponseError: false,
    });
    const missed = `${brokerName(to)} did not answer ${request.apiName} in ${deadlineMs} ms`;
    const answer = await withDeadline(sent, {
      clock: this.#options.clock,
      deadlineMs,
      missed,
      onMissed: () => this.#close(key, open, missed),
    }).catch((error) => {
      const explained = this.#explain(error, open, brokerName(to));
      // Authenticating again on a connection where that failed half-way is refused for being half-way.
      if (isAboutCredentials(explained)) this.#close(key, open, explained.message);
      throw explained;
    });
    this.#noteThrottle(open, answer);
    return answer as Answer;
  }

  drop(to: BrokerAddress, purpose: Purpose, reason: string): void {
    const key = connectionKey(to, purpose);
    const open = this.#open.get(key);
    if (open !== undefined) this.#close(key, open, reason);
  }

  /** Closes every connection; later calls are refused. */
  close(): void {
    this.#stopped = true;
    for (const [key, open] of [...this.#open]) this.#close(key, open, "the service stops");
  }

  #connect(key: string, to: BrokerAddress): OpenConnection {
    if (this.#stopped) {
      throw new ConnectionError("Cannot connect: the service stops", { broker: brokerName(to) });
    }
    const options = this.#options;
    const connection = newConnection({
      host: to.host,
      port: to.port,
      clientId: options.clientId,
      ssl: options.ssl,
      sasl: options.sasl,
      connectionTimeoutMs: options.connectionTimeoutMs,
      logger: options.kafkajsLogger,
      openSocket: (request) => this.#openSocket(key, request),
    });
    const missed = `${brokerName(to)} did not complete the handshake`;
    const pause = async (ms: number) => {
      const { signal } = open.ended;
      await sleep(options.clock, Math.min(ms, THROTTLE_MAX_MS), signal);
      signal.throwIfAborted();
    };
    const opening = withDeadline(handshake(connection, { broker: brokerName(to), pause }), {
      clock: options.clock,
      deadlineMs: options.connectionTimeoutMs + options.requestTimeoutMs,
      missed,
      inHandshake: true,
      onMissed: () => this.#close(key, open, missed),
    }).catch((error) => {
      this.#close(key, open, "the connection could not be made");
      throw this.#explain(error, open, brokerName(to));
    });
    const open: OpenConnection = {
      connection,
      opening,
      socketError: null,
      closed: null,
      throttledUntil: 0,
      ended: new AbortController(),
    };
    this.#open.set(key, open);
    opening.catch(() => {}); // told to whoever called
    return open;
  }

  #openSocket(key: string, { host, port, ssl, onConnect }: SocketRequest): net.Socket {
    const servername = net.isIP(host) ? {} : { servername: host };
    const socket = ssl
      ? tls.connect({ host, port, ...servername, ...ssl }, onConnect)
      : net.connect({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    const mine = () => {
      const open = this.#open.get(key);
      return open?.connection.socket === socket ? open : undefined;
    };
    socket.on("error", (error) => {
      const open = mine();
      if (open !== undefined) open.socketError ??= error;
    });
    socket.on("close", () => {
      const open = mine();
      if (open !== undefined) this.#close(key, open, "the broker closed it");
    });
    return socket;
  }

  #close(key: string, open: OpenConnection, reason: string): void {
    if (open.closed !== null) return;
    open.closed = reason;
    open.ended.abort();
    if (this.#open.get(key) === open) this.#open.delete(key);
    const { connection } = open;
    connection.connectionStatus = "disconnected";
    const error = new Error(`Connection closed: ${reason}`);
    connection.rejectRequests(error);
    // With an error, because only that clears the timer of a kafkajs connect still under way.
    connection.socket?.destroy(error);
  }

  /** The broker holds a connection that does not obey back by itself, so obeying costs no time. */
  async #waitForThrottle(open: OpenConnection, purpose: Purpose): Promise<void> {
    const { clock } = this.#options;
    // A heartbeat that is late by more would cost the membership.
    const capMs = purpose === "heartbeat" ? HEARTBEAT_THROTTLE_MAX_MS : THROTTLE_MAX_MS;
    const giveUpAt = clock.now() + capMs;
    while (!open.ended.signal.aborted) {
      const waitMs = Math.min(giveUpAt, open.throttledUntil) - clock.now();
      if (waitMs <= 0) return;
      await sleep(clock, waitMs, open.ended.signal);
    }
  }

  #noteThrottle(open: OpenConnection, answer: unknown): void {
    const { throttleTimeMs = 0 } = answer as { throttleTimeMs?: number };
    if (throttleTimeMs <= 0) return;
    const until = this.#options.clock.now() + throttleTimeMs;
    open.throttledUntil = Math.max(open.throttledUntil, until);
  }

  #explain(error: unknown, open: OpenConnection, broker: string): Error {
    if (error instanceof DeadlineError || error instanceof UnsupportedBrokerError) return error;
    if (error instanceof NoCredentialsError) return error;
    const refused = refusalOf(error, broker);
    if (refused !== null) return refused;
    const cause = open.socketError ?? (error as Error & { readonly code?: unknown });
    const code = typeof cause.code === "string" ? { code: cause.code } : {};
    const hadAnswered = open.connection.versions !== null;
    const details = { broker, cause: error, hadAnswered, ...code };
    return new ConnectionError(`${broker}: ${cause.message}`, details);
  }
}

export function brokerName({ host, port }: BrokerAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function connectionKey(to: BrokerAddress, purpose: Purpose): string {
  return `${brokerName(to)}/${purpose}`;
}

/**
 * Waits for `work`, but not longer than `deadlineMs`.
 *
 * @throws DeadlineError with the text `missed`, after `onMissed`
 */
export async function withDeadline<T>(
  work: Promise<T>,
  options: {
    readonly clock: Clock;
    readonly deadlineMs: number;
    readonly missed: string;
    readonly inHandshake?: boolean;
    readonly onMissed?: () => void;
  },
): Promise<T> {
  const { inHandshake = false } = options;
  return await new Promise<T>((resolve, reject) => {
    const cancel = options.clock.schedule(options.deadlineMs, () => {
      reject(new DeadlineError(options.missed, { inHandshake }));
      options.onMissed?.();
    });
    work.then(resolve, reject).finally(cancel);
  });
}
