/** One node of the cluster: its listener on loopback and its connections. Stopped, it can be started on its old port. */
import { createServer, type Server, type Socket } from "node:net";
import { machineClock } from "../clock.ts";
import type { Cluster } from "../cluster.ts";
import type { Interceptors } from "../interceptor.ts";
import { Connection } from "./connection.ts";

export interface NodeOptions {
  readonly id: number;
  readonly cluster: Cluster;
  readonly interceptors: Interceptors;
  readonly nextConnectionId: () => number;
  readonly onError: (error: unknown) => void;
}

const HOST = "127.0.0.1";
/** Let the system choose. */
const ANY_PORT = 0;
/** All is cut by then; some versions of Deno do not always tell of the end of every connection. */
const CLOSE_DEADLINE_MS = 1_000;

export class BrokerNode {
  readonly #options: NodeOptions;
  readonly #connections = new Set<Connection>();
  #server: Server | null = null;
  #port = ANY_PORT;

  constructor(options: NodeOptions) {
    this.#options = options;
  }

  /** Open connections. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Listens, from the second time on at the port of the first. Does nothing when it listens already. */
  async start(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer((socket) => this.#onConnection(socket));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen(this.#port, HOST, resolve);
    await promise;
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("Cannot tell the port");
    this.#server = server;
    this.#port = address.port;
    this.#options.cluster.nodeUp(this.#options.id, this.#port);
  }

  /** Closes the listener and cuts every connection. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    this.#options.cluster.nodeDown(this.#options.id);
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    this.cutConnections();
    const cancel = machineClock.schedule(CLOSE_DEADLINE_MS, resolve);
    await promise;
    cancel();
  }

  /** Cuts every connection; clients may come back at once. */
  cutConnections(): void {
    for (const connection of this.#connections) connection.close();
  }

  #onConnection(socket: Socket): void {
    const { cluster, nextConnectionId } = this.#options;
    if (this.#connections.size >= cluster.settings.maxConnections) {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, {
      ...this.#options,
      nodeId: this.#options.id,
      connectionId: nextConnectionId(),
      onClosed: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }
}
