/**
 * One client's connection. Requests are served one after the other and answered in order: as with a real broker, a
 * join or a fetch that waits holds back what came after it. While one is served little more is read.
 */
import type { Socket } from "node:net";
import { type Caller, dispatch, type Dispatched } from "./dispatch.ts";
import { FrameReader } from "./frames.ts";

export interface ConnectionOptions extends Omit<Caller, "closed" | "host"> {
  readonly onClosed: () => void;
  /** A request that could not be served, which ended the connection. */
  readonly onError: (error: unknown) => void;
}

const NOTHING_TO_SEND: Dispatched = { kind: "none" };

export class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #frames: FrameReader;
  readonly #closed = new AbortController();
  #isServing = false;
  /** Ends whatever is being waited for, because the connection is closed. */
  #giveUp = () => {};

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#frames = new FrameReader({ maxBytes: options.cluster.settings.socketRequestMaxBytes });
    socket.setNoDelay(true);
    socket.on("data", (chunk: Uint8Array) => this.#onData(chunk));
    // A reset by the client; "close" follows.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#end();
      options.onClosed();
    });
  }

  close(): void {
    this.#socket.destroy();
    this.#end();
  }

  #end(): void {
    this.#closed.abort();
    this.#giveUp();
  }

  #onData(chunk: Uint8Array): void {
    this.#frames.push(chunk);
    if (this.#isServing) this.#socket.pause();
    else void this.#serveAll();
  }

  async #serveAll(): Promise<void> {
    this.#isServing = true;
    try {
      let frame = this.#frames.next();
      while (frame !== null && !this.#closed.signal.aborted) {
        await this.#serve(frame);
        frame = this.#frames.next();
      }
      this.#socket.resume();
    } catch (error) {
      // It cannot be read, or no handler could serve it: a real broker hangs up, too.
      this.#options.onError(error);
      this.close();
    } finally {
      this.#isServing = false;
    }
  }

  async #serve(frame: Uint8Array): Promise<void> {
    const closed = this.#closed.signal;
    const host = `/${this.#socket.remoteAddress ?? ""}`;
    const result = await this.#orClosed<Dispatched>(NOTHING_TO_SEND, (resolve, reject) => {
      dispatch(frame, { ...this.#options, host, closed }).then(resolve, reject);
    });
    if (result.kind === "answer" || result.kind === "last_words") await this.#write(result.chunks);
    if (result.kind === "last_words") {
      await this.#orClosed<void>(undefined, (resolve) => this.#socket.end(resolve));
    }
    if (result.kind === "cut" || result.kind === "last_words") this.close();
  }

  async #write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#socket.cork();
    let hasRoom = true;
    for (const chunk of chunks) hasRoom = this.#socket.write(chunk);
    this.#socket.uncork();
    if (hasRoom) return;
    await this.#orClosed<void>(undefined, (resolve) => this.#socket.once("drain", () => resolve()));
  }

  /** What `start` resolves with, or `otherwise` once the connection is closed: some joins are never answered. */
  #orClosed<T>(
    otherwise: T,
    start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => resolve(otherwise);
      start(resolve, reject);
    });
  }
}
