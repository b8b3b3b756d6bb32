/**
 * How an authentication can fail: somebody refuses what we show, or there is nothing to show at the moment. What cuts
 * an authentication short, a lost connection for one, is neither.
 */
import { ERROR_CODE } from "./error_codes.ts";

/** Who refuses: a broker, or the endpoint that issues tokens. */
export type Refuser = "broker" | "token_endpoint";

/** A broker, or the endpoint that issues tokens, refuses our credentials. */
export class AuthenticationError extends Error {
  override readonly name = "AuthenticationError";
  readonly by: Refuser;
  constructor(message: string, options: ErrorOptions & { readonly by?: Refuser } = {}) {
    super(message, options);
    this.by = options.by ?? "broker";
  }
}

/** As an AuthenticationError, before anybody has said at which broker. */
export class CredentialsRefusedError extends Error {
  override readonly name = "CredentialsRefusedError";
  readonly by: Refuser;
  constructor(message: string, { by }: { readonly by: Refuser }) {
    super(message);
    this.by = by;
  }
}

/** A password or token cannot be had now: its file is unreadable, or the endpoint that issues it is away. */
export class NoCredentialsError extends Error {
  override readonly name = "NoCredentialsError";
}

/** kafkajs calls it a refusal, too, when the connection ends under an authentication (broker/saslAuthenticator). */
const LOST_MEANWHILE =
  / failed: (Not connected|Closed connection|Connection (closed|error|timeout))/;

/** An error of those that callers of Connections get. */
export function isAboutCredentials(error: Error): boolean {
  return error instanceof AuthenticationError || error instanceof NoCredentialsError;
}

/** What went wrong on a connection to `broker`, as a refusal; null where our credentials were not at fault. */
export function refusalOf(error: unknown, broker: string): AuthenticationError | null {
  const { name, message, code } = error as Error & { readonly code?: unknown };
  if (error instanceof CredentialsRefusedError && error.by === "token_endpoint") {
    const { by } = error;
    return new AuthenticationError(message, { by, cause: error });
  }
  const isRefusal = error instanceof CredentialsRefusedError ||
    code === ERROR_CODE.SASL_AUTHENTICATION_FAILED ||
    (name === "KafkaJSSASLAuthenticationError" && !LOST_MEANWHILE.test(message));
  if (!isRefusal) return null;
  return new AuthenticationError(`${broker} refused the credentials: ${message}`, { cause: error });
}
