/** Settings of who we are to Kafka, and of whom we trust: TLS and SASL. */
import { fromFile, optional, required } from "./setting.ts";
import { boolean, hostName, integer, list, oneOf, text } from "./values.ts";
import { saslExtension, tokenEndpointUrl } from "./oauth_values.ts";

const HOUR_MS = 3_600_000;

export const SECURITY_SETTINGS = {
  KAFKA_TLS_ENABLED: required({
    group: "TLS and SASL",
    type: boolean(),
    default: "false",
    doc: "Encrypt the connections to the brokers",
  }),
  KAFKA_TLS_CA: fromFile({
    group: "TLS and SASL",
    content: "PEM",
    isSecret: false,
    doc: "Certificates of the authorities to trust instead of the well-known ones",
  }),
  KAFKA_TLS_CERT: fromFile({
    group: "TLS and SASL",
    content: "PEM",
    isSecret: false,
    doc: "Client certificate, with its intermediates, for brokers that ask for one",
  }),
  KAFKA_TLS_KEY: fromFile({
    group: "TLS and SASL",
    content: "PEM",
    isSecret: true,
    doc: "Private key of the client certificate",
  }),
  KAFKA_TLS_KEY_PASSPHRASE: fromFile({
    group: "TLS and SASL",
    content: "password",
    isSecret: true,
    doc: "Passphrase of the private key, if it has one",
  }),
  KAFKA_TLS_SERVERNAME: optional({
    group: "TLS and SASL",
    type: hostName(),
    unset: "the broker's host",
    doc: "Name that the brokers' certificates must carry",
  }),
  KAFKA_SASL_MECHANISM: required({
    group: "TLS and SASL",
    type: oneOf(["none", "plain", "scram-sha-256", "scram-sha-512", "oauthbearer"]),
    default: "none",
    doc: "How to authenticate to the brokers",
  }),
  KAFKA_SASL_USERNAME: optional({
    group: "TLS and SASL",
    type: text("text", { maxLength: 1_024 }),
    unset: "none",
    doc: "User to authenticate as",
  }),
  KAFKA_SASL_PASSWORD: fromFile({
    group: "TLS and SASL",
    content: "password",
    isSecret: true,
    doc: "Password of the user; the file is read again at each connection, so it may change",
  }),
  KAFKA_SASL_OAUTHBEARER_TOKEN: fromFile({
    group: "TLS and SASL",
    content: "token",
    isSecret: true,
    doc: "Access token; the file is read again at each authentication, so it may change",
  }),
  KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: optional({
    group: "TLS and SASL",
    type: tokenEndpointUrl(),
    unset: "the token is given",
    doc: "Where to get access tokens from, by client credentials; https, or http on this machine",
  }),
  KAFKA_SASL_OAUTHBEARER_CA: fromFile({
    group: "TLS and SASL",
    content: "PEM",
    isSecret: false,
    doc:
      "Certificates of the authorities to trust at the token endpoint beside the well-known ones",
  }),
  KAFKA_SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_ID: optional({
    group: "TLS and SASL",
    type: text("text", { maxLength: 1_024 }),
    unset: "none",
    doc: "Who we are to the token endpoint",
  }),
  KAFKA_SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_SECRET: fromFile({
    group: "TLS and SASL",
    content: "password",
    isSecret: true,
    doc: "Our secret to the token endpoint; the file is read again for each token",
  }),
  KAFKA_SASL_OAUTHBEARER_SCOPE: optional({
    group: "TLS and SASL",
    type: text("text", { maxLength: 4_096 }),
    unset: "the endpoint's default",
    doc: "Scopes to ask the token endpoint for, separated by spaces",
  }),
  KAFKA_SASL_OAUTHBEARER_HEADER_URLENCODE: required({
    group: "TLS and SASL",
    type: boolean(),
    default: "false",
    doc: "Encode client id and secret for the token endpoint as RFC 6749 says",
  }),
  KAFKA_SASL_OAUTHBEARER_EXTENSIONS: optional({
    group: "TLS and SASL",
    type: list(saslExtension(), "comma-separated name=value"),
    unset: "none",
    doc: "SASL extensions to send with the token: logicalCluster=lkc-1,identityPoolId=pool-1",
  }),
  AUTH_RETRY_MS: required({
    group: "TLS and SASL",
    type: integer({ min: 0, max: 24 * HOUR_MS }),
    default: "300000",
    doc:
      "Milliseconds that refused credentials or rights are tried again, once it runs, before exit 77",
  }),
} as const;
