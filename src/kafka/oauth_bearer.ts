/**
 * The exchange of SASL OAUTHBEARER (RFC 7628), as an authentication provider for kafkajs. Its own one
 * (broker/saslAuthenticator/oauthBearer.js) takes a broker's refusal for success: that comes as a challenge, which has
 * to be answered before the broker fails the authentication.
 */
import { Buffer } from "node:buffer";
import { CredentialsRefusedError, NoCredentialsError } from "./authentication.ts";
import { newEncoder, type SaslExchange, type SaslProvider } from "./kafkajs.ts";

export interface OAuthBearerOptions {
  /** A token for one authentication. */
  readonly token: () => Promise<string>;
  /** SASL extensions (KIP-342), as some providers of Kafka ask for. */
  readonly extensions: readonly SaslExtension[];
  /** A broker did not take this token. */
  readonly onRefused: (token: string, error: CredentialsRefusedError) => void;
}

export interface SaslExtension {
  readonly name: string;
  readonly value: string;
}

const SEPARATOR = "\x01";
/** RFC 6750, b64token: nothing that could end the field it stands in. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const SIZE_BYTES = 4;
const SHOWN_MAX = 200;

/** An authentication provider for kafkajs. Fails with CredentialsRefusedError, or what `token` or the exchange throws. */
export function oauthBearerProvider(
  { token: nextToken, extensions, onRefused }: OAuthBearerOptions,
): SaslProvider {
  return (exchange) => ({
    async authenticate() {
      const token = await nextToken();
      if (!TOKEN.test(token)) {
        throw new NoCredentialsError(
          "KAFKA_SASL_OAUTHBEARER_TOKEN: expected letters, digits and -._~+/, as RFC 6750 says",
        );
      }
      const challenge = await say(exchange, firstMessage(token, extensions));
      if (challenge === "") return;
      const error = new CredentialsRefusedError(await refusal(exchange, challenge), {
        by: "broker",
      });
      onRefused(token, error);
      throw error;
    },
  });
}

function firstMessage(token: string, extensions: readonly SaslExtension[]): string {
  const fields = [
    `auth=Bearer ${token}`,
    ...extensions.map(({ name, value }) => `${name}=${value}`),
  ];
  return ["n,,", ...fields, "", ""].join(SEPARATOR);
}

/** The broker gives its reason only when its challenge was answered. */
async function refusal(exchange: SaslExchange, challenge: string): Promise<string> {
  try {
    await say(exchange, SEPARATOR);
  } catch (error) {
    const { message, code } = error as Error & { readonly code?: unknown };
    if (typeof code === "number") return message; // an answer, not the end of the connection
  }
  return `the broker answered ${challenge.slice(0, SHOWN_MAX)}`;
}

async function say({ saslAuthenticate }: SaslExchange, message: string): Promise<string> {
  return await saslAuthenticate({
    request: {
      encode: () => Promise.resolve(newEncoder().writeBytes(Buffer.from(message)).buffer),
    },
    response: {
      decode: (answer) => Promise.resolve(answer.subarray(SIZE_BYTES).toString()),
      parse: (text) => Promise.resolve(text),
    },
  });
}
