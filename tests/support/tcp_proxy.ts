/**
 * A network that a test can break, between a client and a server on this machine: a TCP proxy on loopback that
 * delays, holds back, resets or cuts what passes. The server has to send clients here: see `advertisedPorts` of a
 * cluster.
 */
import type { Buffer } from "node:buffer";
import { once } from "node:events";
import net from "node:net";

const LOOPBACK = "127.0.0.1";
/** As much of one direction as is held here; then the sender has to wait, as with a full window. */
const MAX_HELD_BYTES = 1024 * 1024;

/** What the proxy does to everything that passes. */
interface Conditions {
  delayMs: number;
  isStalled: boolean;
  /** In each direction of each connection. */
  bytesPerSecond: number;
  /** Share of what arrives that is lost once and comes when it is sent again. */
  lossShare: number;
}

/** As long as a system waits until it sends again at the least. */
const RETRANSMISSION_MS = 200;

/** A proxy to one server. */
export class TcpProxy implements AsyncDisposable {
  readonly #target: net.NetConnectOpts;
  readonly #conditions: Conditions = {
    delayMs: 0,
    isStalled: false,
    bytesPerSecond: Infinity,
    lossShare: 0,
  };
  readonly #links = new Set<Link>();
  #server: net.Server | null = null;
  #port = 0;

  private constructor(target: net.NetConnectOpts) {
    this.#target = target;
  }

  /** Listens on `port`, or one that the system chooses, and connects each client to `target`, a host:port. */
  static async start(target: string, port = 0): Promise<TcpProxy> {
    const [host = LOOPBACK, targetPort = ""] = target.split(":");
    const proxy = new TcpProxy({ host, port: Number(targetPort), allowHalfOpen: true });
    proxy.#port = port;
    await proxy.restore();
    return proxy;
  }

  /** host:port to give to clients. */
  get address(): string {
    return `${LOOPBACK}:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** How many clients are connected now. */
  get connections(): number {
    return this.#links.size;
  }

  /** From now on everything arrives `delayMs` later, in order. 0 ends it. */
  delay(delayMs: number): void {
    this.#conditions.delayMs = delayMs;
  }

  /** From now on no connection carries more than so much in a direction. Infinity ends it. */
  limit(bytesPerSecond: number): void {
    this.#conditions.bytesPerSecond = bytesPerSecond;
  }

  /** From now on that share of what is sent has to be sent again, and holds up what follows. 0 ends it. */
  lose(share: number): void {
    this.#conditions.lossShare = share;
  }

  /** Nothing passes any more, yet no connection ends and new ones are taken: a half-open network. */
  stall(): void {
    this.#conditions.isStalled = true;
  }

  /** Ends `stall`: what was held back arrives now. */
  resume(): void {
    this.#conditions.isStalled = false;
    for (const link of this.#links) link.flush();
  }

  /** Ends every connection by RST. New ones are taken. */
  reset(): void {
    for (const link of this.#links) link.reset();
  }

  /** Ends every connection and refuses new ones until `restore`. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    server?.close();
    for (const link of this.#links) link.destroy();
    if (server !== null) await once(server, "close");
  }

  /** Ends `cut`, on the same port. */
  async restore(): Promise<void> {
    if (this.#server !== null) return;
    const server = net.createServer({ allowHalfOpen: true }, (client) => this.#connect(client));
    server.listen(this.#port, LOOPBACK);
    await once(server, "listening");
    this.#server = server;
    const address = server.address();
    if (address !== null && typeof address === "object") this.#port = address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
  }

  #connect(client: net.Socket): void {
    const link = new Link(client, net.connect(this.#target), {
      conditions: this.#conditions,
      onClose: () => this.#links.delete(link),
    });
    this.#links.add(link);
  }
}

interface LinkOptions {
  readonly conditions: Conditions;
  readonly onClose: () => void;
}

/** One client and its connection to the server. */
class Link {
  readonly #sockets: readonly [net.Socket, net.Socket];
  readonly #directions: readonly Direction[];

  constructor(client: net.Socket, server: net.Socket, options: LinkOptions) {
    this.#sockets = [client, server];
    this.#directions = [
      new Direction(client, server, options.conditions),
      new Direction(server, client, options.conditions),
    ];
    for (const socket of this.#sockets) {
      // Whatever ends one side ends the other in the same way.
      socket.on("error", () => this.reset());
      socket.on("close", () => {
        this.destroy();
        options.onClose();
      });
    }
  }

  flush(): void {
    for (const direction of this.#directions) direction.flush();
  }

  reset(): void {
    for (const direction of this.#directions) direction.stop();
    for (const socket of this.#sockets) if (!socket.destroyed) socket.resetAndDestroy();
  }

  destroy(): void {
    for (const direction of this.#directions) direction.stop();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** What goes from one socket to the other; null is the end of the stream. */
class Direction {
  readonly #from: net.Socket;
  readonly #to: net.Socket;
  readonly #conditions: Conditions;
  readonly #held: { readonly chunk: Buffer | null; readonly dueAt: number }[] = [];
  #heldBytes = 0;
  /** When the line has carried all that was put on it. */
  #freeAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(from: net.Socket, to: net.Socket, conditions: Conditions) {
    this.#from = from;
    this.#to = to;
    this.#conditions = conditions;
    from.on("data", (chunk: Buffer) => this.#take(chunk));
    from.on("end", () => this.#take(null));
  }

  /** Passes on what is due, and comes back for the rest. */
  flush(): void {
    clearTimeout(this.#timer);
    if (this.#conditions.isStalled) return;
    const now = performance.now();
    for (let next = this.#held[0]; next !== undefined; next = this.#held[0]) {
      if (next.dueAt > now) {
        this.#timer = setTimeout(() => this.flush(), next.dueAt - now);
        return;
      }
      this.#held.shift();
      this.#pass(next.chunk);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#held.length = 0;
  }

  #take(chunk: Buffer | null): void {
    this.#heldBytes += chunk?.length ?? 0;
    if (this.#heldBytes > MAX_HELD_BYTES) this.#from.pause();
    const { delayMs, bytesPerSecond, lossShare } = this.#conditions;
    const lateMs = Math.random() < lossShare ? RETRANSMISSION_MS : 0;
    const travelMs = 1000 * (chunk?.length ?? 0) / bytesPerSecond;
    const now = performance.now();
    this.#freeAt = Math.max(this.#freeAt, now) + travelMs;
    const earliest = this.#held.at(-1)?.dueAt ?? 0;
    const dueAt = Math.max(earliest, this.#freeAt + delayMs + lateMs);
    this.#held.push({ chunk, dueAt });
    this.flush();
  }

  #pass(chunk: Buffer | null): void {
    if (chunk === null) {
      this.#to.end();
      return;
    }
    this.#heldBytes -= chunk.length;
    this.#to.write(chunk);
    if (this.#from.isPaused() && this.#heldBytes <= MAX_HELD_BYTES) this.#from.resume();
  }
}
