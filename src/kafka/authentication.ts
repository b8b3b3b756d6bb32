/**
 * How an authentication can fail: somebody refuses what we show, or there is nothing to show at the moment. What cuts
 * an authentication short, a lost connection for one, is neither.
 */

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
