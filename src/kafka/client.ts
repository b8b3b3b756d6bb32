/** Settings -> what a connection needs of TLS and SASL; kafkajs's log lines into ours. */
import type { Config } from "../config.ts";
import type { Logger } from "../processing/message.ts";
import type { KafkajsLogger } from "./kafkajs.ts";

type SecuritySettings = Pick<
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
  readonly ssl: object | null;
  readonly sasl: object | null;
}

export function securityFrom(settings: SecuritySettings): Security {
  return { ssl: tlsFrom(settings), sasl: saslFrom(settings) };
}

function tlsFrom(settings: SecuritySettings): object | null {
  if (!settings.kafkaTlsEnabled) return null;
  const options = {
    ca: settings.kafkaTlsCa?.read(),
    cert: settings.kafkaTlsCert?.read(),
    key: settings.kafkaTlsKey?.read(),
    passphrase: settings.kafkaTlsKeyPassphrase?.read(),
    servername: settings.kafkaTlsServername ?? undefined,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function saslFrom(settings: SecuritySettings): object | null {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername, kafkaSaslPassword } = settings;
  if (mechanism === "none") return null;
  return {
    mechanism,
    username: kafkaSaslUsername,
    // Read at each authentication, so that a password rotated in its file is picked up.
    get password() {
      return kafkaSaslPassword?.read() ?? "";
    },
  };
}

/** kafkajs reports as errors what our own code deals with and reports; here they are details. */
export function kafkajsLogger(logger: Logger): KafkajsLogger {
  const detail = (text: string, extra?: object) =>
    logger.debug("kafkajs: {kafkajs}", { kafkajs: text, ...extra });
  const quiet: KafkajsLogger = {
    namespace: () => quiet,
    debug() {},
    info: detail,
    warn: detail,
    error: detail,
  };
  return quiet;
}
