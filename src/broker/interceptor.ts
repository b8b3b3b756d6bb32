/**
 * The one place where a request can go wrong on purpose: interceptors stand between the connection and the handlers.
 * One may serve the request as it is, late, or not at all; answer an error; lose the answer; cut the connection.
 */
import type { ApiName, Requests } from "./requests/mod.ts";

/** What becomes of a request. */
export type Reply =
  /** This is sent; what its shape is depends on the API. */
  | { readonly kind: "answer"; readonly body: unknown }
  /** The first bytes of this are sent, its length included; then the connection is closed. */
  | { readonly kind: "part"; readonly body: unknown; readonly bytes: number }
  /** Nothing is sent, and the connection goes on with its next request. */
  | { readonly kind: "none" }
  /** The connection is closed without an answer. */
  | { readonly kind: "cut" };

export const NO_REPLY = { kind: "none" } as const;
export const CUT = { kind: "cut" } as const;

interface Intercepted<Name extends ApiName> {
  readonly apiName: Name;
  readonly version: number;
  /** The decoded request; its shape follows from `apiName`. */
  readonly body: Requests[Name];
  /** The node that was asked. */
  readonly nodeId: number;
  /** Counts the connections of the cluster. */
  readonly connectionId: number;
  readonly clientId: string;
  /** Aborts when the connection is closed. */
  readonly closed: AbortSignal;
  /** The answer that says this error wherever the API has room for it. */
  refuse(errorCode: number): Reply;
}

/** A request on its way to its handler. Compare `apiName` to learn the type of `body`. */
export type InterceptedRequest = { [Name in ApiName]: Intercepted<Name> }[ApiName];

/**
 * Hands a request on, to the next interceptor or the handler, and answers what came of it. With a body, of the same API,
 * that one is handed on instead.
 */
export type Serve = (body?: unknown) => Promise<Reply>;

/**
 * Decides on a request. Not calling `serve` means that the broker never saw the request. While the promise is open the
 * connection stands still, as it does with a real broker.
 */
export type Interceptor = (request: InterceptedRequest, serve: Serve) => Reply | Promise<Reply>;

/** The interceptors of a cluster; the one added last sees a request first. */
export class Interceptors {
  #interceptors: readonly Interceptor[] = [];

  /** Adds an interceptor; the answer takes it away again. */
  add(interceptor: Interceptor): () => void {
    const own: Interceptor = (request, serve) => interceptor(request, serve);
    this.#interceptors = [...this.#interceptors, own];
    return () => {
      this.#interceptors = this.#interceptors.filter((each) => each !== own);
    };
  }

  async run(
    request: InterceptedRequest,
    handle: (body: unknown) => Promise<Reply>,
  ): Promise<Reply> {
    let serve: Serve = async (body = request.body) => await handle(body);
    for (const interceptor of this.#interceptors) {
      const next = serve;
      serve = async (body = request.body) => {
        const seen = { ...request, body } as InterceptedRequest;
        return await interceptor(seen, (instead = body) => next(instead));
      };
    }
    return await serve();
  }
}
