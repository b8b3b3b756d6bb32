/**
 * Settings -> what a connection needs of TLS and SASL; kafkajs's log lines into ours. Secrets are not kept: each
 * connection, and each authentication on it, reads them again, so that one rotated in its file is picked up.
 */
import type { Config, Secret } from "../config.ts";
import type { Clock } from "../processing/clock.ts";
import type { Logger } from "../processing/message.ts";
import { AccessTokens, type AccessTokensOptions } from "./access_tokens.ts";
import { NoCredentialsError } from "./authentication.ts";
import {
  type KafkajsLogger,
  type PasswordMechanism,
  passwordProvider,
  type SaslProvider,
} from "./kafkajs.ts";
import { oauthBearerProvider } from "./oauth_bearer.ts";
import { requestToken, type TokenEndpointOptions } from "./token_endpoint.ts";

/** The settings that `securityFrom` reads. */
export type SecuritySettings = Pick<
  Config,
  Extract<keyof Config, `kafkaTls${string}` | `kafkaSasl${string}`>
>;

/** What tokens from an endpoint need. */
export interface SecurityOptions {
  readonly clock: Clock;
  /** For one request to the token endpoint. */
  readonly requestTimeoutMs: number;
  readonly telemetry: {
    tokenFailed: AccessTokensOptions["onFailed"];
    tokenIssuedAgain: AccessTokensOptions["onIssuedAgain"];
  };
}

/** Options for `tls.connect` and for kafkajs's SASL; null where not used. */
export interface Security {
  /** Copied for each connection: what is read from a file is read then. */
  readonly ssl: object | null;
  /** Shared by all connections. What is shown, and the exchange, are new for each authentication. */
  readonly sasl:
    | { readonly mechanism: string; readonly authenticationProvider: SaslProvider }
    | null;
  /** No token is renewed any more. */
  stop(): void;
}

/** Reads no file yet; a secret that cannot be read later fails the connection that needs it, by its variable's name. */
export function securityFrom(settings: SecuritySettings, options: SecurityOptions): Security {
  const ssl = tlsFrom(settings);
  const { kafkaSaslMechanism: mechanism } = settings;
  if (mechanism === "none") return { ssl, sasl: null, stop() {} };
  if (mechanism !== "oauthbearer") {
    return {
      ssl,
      sasl: { mechanism, authenticationProvider: byPassword(mechanism, settings) },
      stop() {},
    };
  }
  const { authenticationProvider, stop } = byToken(settings, options);
  return { ssl, sasl: { mechanism, authenticationProvider }, stop };
}

/** kafkajs's lines as DEBUG: what it calls an error is daily business that our own code deals with and reports. */
export function kafkajsLogger(logger: Logger): KafkajsLogger {
  return levelsOf(logger, "");
}

/** For connections of which nobody reads a log. */
export const SILENT_KAFKAJS_LOGGER: KafkajsLogger = {
  namespace: () => SILENT_KAFKAJS_LOGGER,
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

function tlsFrom(settings: SecuritySettings): object | null {
  if (!settings.kafkaTlsEnabled) return null;
  const { kafkaTlsServername: servername } = settings;
  const options = {
    get ca() {
      return settings.kafkaTlsCa?.read();
    },
    get cert() {
      return settings.kafkaTlsCert?.read();
    },
    get key() {
      return settings.kafkaTlsKey?.read();
    },
    get passphrase() {
      return settings.kafkaTlsKeyPassphrase?.read();
    },
  };
  // Not there at all unless set: it would hide the broker's own name.
  return servername === null ? options : Object.assign(options, { servername });
}

/** The password is read before kafkajs's exchange, which would take an unreadable file for a refusal. */
function byPassword(
  mechanism: PasswordMechanism,
  { kafkaSaslUsername, kafkaSaslPassword }: SecuritySettings,
): SaslProvider {
  return (exchange) => ({
    async authenticate() {
      const password = readNow(kafkaSaslPassword);
      const credentials = { username: kafkaSaslUsername ?? "", password };
      await passwordProvider(mechanism, credentials)(exchange).authenticate();
    },
  });
}

function byToken(
  settings: SecuritySettings,
  options: SecurityOptions,
): { authenticationProvider: SaslProvider; stop(): void } {
  const extensions = settings.kafkaSaslOauthbearerExtensions ?? [];
  const { kafkaSaslOauthbearerTokenEndpointUrl: url } = settings;
  if (url === null) {
    const token = () => Promise.resolve().then(() => readNow(settings.kafkaSaslOauthbearerToken));
    const onRefused = () => {}; // the file is read again for the next
    return {
      authenticationProvider: oauthBearerProvider({ token, extensions, onRefused }),
      stop() {},
    };
  }
  const tokens = new AccessTokens({
    clock: options.clock,
    request: () => requestToken(endpointOptions(url, { settings, options })),
    onFailed: (facts) => options.telemetry.tokenFailed(facts),
    onIssuedAgain: (facts) => options.telemetry.tokenIssuedAgain(facts),
  });
  const authenticationProvider = oauthBearerProvider({
    token: () => tokens.get(),
    extensions,
    onRefused: (token, error) => tokens.refused(token, error),
  });
  return { authenticationProvider, stop: () => tokens.stop() };
}

function endpointOptions(
  url: string,
  { settings, options }: {
    readonly settings: SecuritySettings;
    readonly options: SecurityOptions;
  },
): TokenEndpointOptions {
  return {
    url,
    clientId: settings.kafkaSaslOauthbearerClientCredentialsClientId ?? "",
    clientSecret: () => readNow(settings.kafkaSaslOauthbearerClientCredentialsClientSecret),
    scope: settings.kafkaSaslOauthbearerScope,
    urlEncodeHeader: settings.kafkaSaslOauthbearerHeaderUrlencode,
    ca: () => settings.kafkaSaslOauthbearerCa?.read() ?? null,
    deadlineMs: options.requestTimeoutMs,
    clock: options.clock,
  };
}

/** @throws NoCredentialsError that names the variable */
function readNow(secret: Secret | null): string {
  try {
    return secret?.read() ?? "";
  } catch (error) {
    throw new NoCredentialsError((error as Error).message, { cause: error });
  }
}

/** What kafkajs adds to a line, the part that is safe and useful. The rest: stacks, whole answers, our client id. */
interface KafkajsFacts {
  readonly broker?: string;
  readonly error?: string;
}

function levelsOf(logger: Logger, part: string): KafkajsLogger {
  const log = (kafkajs: string, { broker, error }: KafkajsFacts = {}) =>
    logger.debug("kafkajs: {kafkajs}", {
      kafkajs,
      ...(part === "" ? {} : { part }),
      ...(broker === undefined ? {} : { broker }),
      ...(error === undefined ? {} : { error }),
    });
  return {
    namespace: (name) => levelsOf(logger, name),
    debug: () => {}, // every request and answer, with its content
    info: log,
    warn: log,
    error: log,
  };
}
