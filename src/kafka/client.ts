/**
 * Settings -> what a connection needs of TLS and SASL; kafkajs's log lines into ours. Secrets are not kept: each
 * connection, and each authentication on it, reads them again, so that one rotated in its file is picked up.
 */
import type { Config } from "../config.ts";
import type { Logger } from "../processing/message.ts";
import type { KafkajsLogger } from "./kafkajs.ts";

/** The settings that `securityFrom` reads. */
export type SecuritySettings = Pick<
  Config,
  | "kafkaTlsEnabled"
  | "kafkaTlsCa"
  | "kafkaTlsCert"
  | "kafkaTlsKey"
  | "kafkaTlsKeyPassphrase"
  | "kafkaTlsServername"
  | "kafkaSaslMechanism"
  | "kafkaSaslUsername"
  | "kafkaSaslPassword"
>;

/** Options for `tls.connect` and for kafkajs's SASL; null where not used. */
export interface Security {
  /** Copied for each connection: what is read from a file is read then. */
  readonly ssl: object | null;
  /**
   * Shared by all connections. kafkajs keeps its authenticationProvider on it (broker/saslAuthenticator/index.js),
   * which holds nothing but this object; nonce and exchange are new for each authentication.
   */
  readonly sasl: object | null;
}

/** Reads no file yet; a secret that cannot be read later fails the connection that needs it, by its variable's name. */
export function securityFrom(settings: SecuritySettings): Security {
  return { ssl: tlsFrom(settings), sasl: saslFrom(settings) };
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

function saslFrom(settings: SecuritySettings): object | null {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: username } = settings;
  if (mechanism === "none") return null;
  return {
    mechanism,
    username,
    get password() {
      return settings.kafkaSaslPassword?.read();
    },
  };
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
