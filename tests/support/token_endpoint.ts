/**
 * An OAuth 2 token endpoint for tests: issues JWTs without a signature, which a broker with Kafka's default handlers
 * takes, or answers what a test wants.
 */
import { Buffer } from "node:buffer";

/** A request as it came in. */
export interface TokenRequest {
  readonly authorization: string;
  readonly body: string;
}

export interface TokenEndpointSettings {
  readonly sub?: string;
  readonly lifeSeconds?: number;
  /** PEM; https with it, else http. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Instead of a token, while it answers something. */
  readonly answer?: (request: TokenRequest) => Response | Promise<Response> | null;
}

export class TokenEndpoint implements AsyncDisposable {
  readonly url: string;
  readonly requests: TokenRequest[];
  readonly #server: Deno.HttpServer;

  private constructor(url: string, server: Deno.HttpServer, requests: TokenRequest[]) {
    this.url = url;
    this.requests = requests;
    this.#server = server;
  }

  static start(settings: TokenEndpointSettings = {}): TokenEndpoint {
    const { sub = "alice", lifeSeconds = 3_600, tls, answer } = settings;
    const requests: TokenRequest[] = [];
    const handler = async (request: Request): Promise<Response> => {
      const authorization = request.headers.get("authorization") ?? "";
      const seen = { authorization, body: await request.text() };
      requests.push(seen);
      const other = await answer?.(seen);
      if (other) return other;
      const access_token = unsecuredToken({ sub, lifeSeconds });
      return Response.json({ access_token, token_type: "Bearer", expires_in: lifeSeconds });
    };
    const listen = { hostname: "127.0.0.1", port: 0, onListen() {} };
    const server = tls === undefined
      ? Deno.serve(listen, handler)
      : Deno.serve({ ...listen, ...tls }, handler);
    const scheme = tls === undefined ? "http" : "https";
    return new TokenEndpoint(`${scheme}://127.0.0.1:${server.addr.port}/token`, server, requests);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** A JWT that nobody signed (RFC 7519, 6). */
export function unsecuredToken(
  { sub, lifeSeconds }: { readonly sub: string; readonly lifeSeconds: number },
): string {
  const now = Date.now() / 1_000;
  const claims = { sub, iat: now, exp: now + lifeSeconds };
  return [{ alg: "none" }, claims].map((part) => `${encoded(part)}.`).join("");
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
