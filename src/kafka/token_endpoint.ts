/**
 * One request to an OAuth 2 token endpoint, by client credentials (RFC 6749, 4.4). Shows the client's secret to nobody
 * else: no redirect is followed, and no answer is told but for the error fields that RFC 6749, 5.2 names.
 */
import { Buffer } from "node:buffer";
import type { Clock } from "../processing/clock.ts";
import { CredentialsRefusedError, NoCredentialsError } from "./authentication.ts";

export interface TokenEndpointOptions {
  /** https, or http on this machine; the configuration sees to it. */
  readonly url: string;
  readonly clientId: string;
  /** Read for each request. */
  readonly clientSecret: () => string;
  readonly scope: string | null;
  /** As RFC 6749, 2.3.1 says; Apache Kafka's clients do not by default. */
  readonly urlEncodeHeader: boolean;
  /** PEM of the authorities to trust beside the well-known ones; read for each request. */
  readonly ca: () => string | null;
  readonly deadlineMs: number;
  readonly clock: Clock;
}

export interface IssuedToken {
  readonly token: string;
  /** How long it is good for from now on; null where nobody says. */
  readonly lifeMs: number | null;
}

const ANSWER_MAX_BYTES = 256 * 1024;
/** What RFC 6749 answers to a client that may not have a token. Any other failure may pass. */
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403]);
const SHOWN_MAX = 200;
const CAUSES_MAX = 5;

/** @throws CredentialsRefusedError, or NoCredentialsError when it may go better another time */
export async function requestToken(options: TokenEndpointOptions): Promise<IssuedToken> {
  const { clock, deadlineMs } = options;
  const deadline = new AbortController();
  const cancel = clock.schedule(deadlineMs, () => deadline.abort());
  try {
    return await ask(options, deadline.signal);
  } catch (error) {
    const why = deadline.signal.aborted
      ? `it did not answer in ${deadlineMs} ms`
      : innermost(error).message;
    const { origin, pathname } = new URL(options.url);
    const where = `KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL (${origin}${pathname})`;
    const text = `Cannot get a token from ${where}: ${why}`;
    if (error instanceof Refused) throw new CredentialsRefusedError(text, { by: "token_endpoint" });
    throw new NoCredentialsError(text, { cause: error });
  } finally {
    cancel();
  }
}

/** "fetch failed" alone helps nobody. */
function innermost(error: unknown): Error {
  let inner = error as Error;
  for (let depth = 0; depth < CAUSES_MAX && inner.cause instanceof Error; depth++) {
    inner = inner.cause;
  }
  return inner;
}

/** The endpoint's no. */
class Refused extends Error {
  override readonly name = "Refused";
}

async function ask(options: TokenEndpointOptions, signal: AbortSignal): Promise<IssuedToken> {
  const ca = options.ca();
  const client = ca === null ? undefined : Deno.createHttpClient({ caCerts: [ca] });
  try {
    const response = await fetch(options.url, {
      method: "POST",
      headers: {
        authorization: authorization(options),
        accept: "application/json",
        "content-type": "application/x-www-form-urlencoded",
      },
      body: form(options),
      redirect: "manual",
      signal,
      ...(client === undefined ? {} : { client }),
    });
    return take(response.status, { text: await readText(response), clock: options.clock });
  } finally {
    client?.close();
  }
}

function authorization({ clientId, clientSecret, urlEncodeHeader }: TokenEndpointOptions): string {
  const parts = [clientId, clientSecret()].map((part) =>
    urlEncodeHeader ? encodeURIComponent(part) : part
  );
  return `Basic ${Buffer.from(parts.join(":")).toString("base64")}`;
}

function form({ scope }: TokenEndpointOptions): string {
  const fields = new URLSearchParams({ grant_type: "client_credentials" });
  if (scope !== null) fields.set("scope", scope);
  return fields.toString();
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_MAX_BYTES) throw new Error(`its answer is over ${ANSWER_MAX_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

function take(
  status: number,
  { text, clock }: { readonly text: string; readonly clock: Clock },
): IssuedToken {
  const fields = jsonObject(text);
  if (status < 200 || status > 299) {
    const said = [`it answered ${status}`, ...shown(fields["error"])];
    const what = [...said, ...shown(fields["error_description"])].join(": ");
    throw REFUSALS.has(status) ? new Refused(what) : new Error(what);
  }
  const { access_token: token, expires_in: expiresIn } = fields;
  if (typeof token !== "string" || token === "") throw new Error("its answer has no access_token");
  const lifeMs = lifeOf(token, { expiresIn, now: clock.wallTime() });
  if (lifeMs !== null && lifeMs <= 0) {
    throw new Error("its token has expired already: check the clocks, here and there");
  }
  return { token, lifeMs };
}

/** What the endpoint says counts; else the token itself, if it is a JWT with an `exp` (RFC 7519). */
function lifeOf(
  token: string,
  { expiresIn, now }: { readonly expiresIn: unknown; readonly now: number },
): number | null {
  const seconds = Number(expiresIn);
  if ((typeof expiresIn === "number" || typeof expiresIn === "string") && seconds > 0) {
    return seconds * 1_000;
  }
  const [, claims = ""] = token.split(".");
  const { exp } = jsonObject(Buffer.from(claims, "base64url").toString());
  return typeof exp === "number" ? exp * 1_000 - now : null;
}

function jsonObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
  } catch {
    return {};
  }
}

/** What the endpoint says of its refusal, for a line of the log. */
function shown(text: unknown): string[] {
  if (typeof text !== "string") return [];
  // deno-lint-ignore no-control-regex
  return [text.replace(/[\x00-\x1f\x7f]+/g, " ").slice(0, SHOWN_MAX)];
}
