/**
 * Bad configurations, each with everything that is wrong with it: all of it must be in the one message. The texts are
 * compared whole, as they are what an operator has to act on.
 */
import assert from "node:assert/strict";
import { ConfigError, loadConfig } from "../../../src/config.ts";
import { configSources, type TestSources } from "../../support/config_sources.ts";

interface BadConfiguration extends TestSources {
  readonly name: string;
  readonly problems: readonly string[];
}

const LONG_TOPIC = "t".repeat(249);

const BAD: readonly BadConfiguration[] = [
  {
    name: "brokers without a usable port, and a bad topic",
    env: { KAFKA_BROKERS: "kafka:99999,kafka", KAFKA_TOPIC: "user activity" },
    problems: [
      'KAFKA_BROKERS: expected host:port with a port from 1 to 65535, an IPv6 address in brackets: "kafka:99999,kafka"',
      'KAFKA_TOPIC: expected a name of at most 249 letters, digits, ".", "_" and "-": "user activity"',
    ],
  },
  {
    name: "a URL with a password as broker",
    env: { KAFKA_BROKERS: "sasl_ssl://admin:hunter2@kafka:9092" },
    problems: [
      'KAFKA_BROKERS: expected host:port with a port from 1 to 65535, an IPv6 address in brackets: "sasl_ssl://***@kafka:9092"',
    ],
  },
  {
    name: "an IPv6 address without brackets, from .env",
    files: { ".env": "KAFKA_BROKERS=::1:9092\nRETRY_DELAY=10s\n" },
    problems: [
      'KAFKA_BROKERS (.env): expected host:port with a port from 1 to 65535, an IPv6 address in brackets: "::1:9092"',
      'RETRY_DELAY (.env): expected a number from 0 to 3600: "10s"',
    ],
  },
  {
    name: "a share that is none",
    env: { DLQ_BREAKER: "1000/500" },
    problems: [
      'DLQ_BREAKER: expected two integers, the smaller one first, as in 500/1000, up to 100000, or off: "1000/500"',
    ],
  },
  {
    name: "an end before the handler may have ended, and before anybody could be warned",
    env: { HANDLER_TIMEOUT_MS: "60000", STALL_SOFT_MS: "60000", STALL_HARD_MS: "60000" },
    problems: [
      "STALL_HARD_MS: expected more than HANDLER_TIMEOUT_MS (60000): 60000",
      "STALL_HARD_MS: expected more than STALL_SOFT_MS (60000): 60000",
    ],
  },
  {
    name: "lists of nothing",
    env: { KAFKA_BROKERS: " , ", KAFKA_TOPIC: "," },
    problems: [
      'KAFKA_BROKERS: expected a comma-separated list of at least one: ","',
      'KAFKA_TOPIC: expected a comma-separated list of at least one: ","',
    ],
  },
  {
    name: "words that are none of the choices",
    env: {
      AUTO_OFFSET_RESET: "smallest",
      ENABLE_AUTO_COMMIT: "maybe",
      UNKEYED_ORDER: "key",
      LOG_LEVEL: "verbose",
      LOG_FORMAT: "xml",
      KAFKA_SASL_MECHANISM: "gssapi",
    },
    problems: [
      'AUTO_OFFSET_RESET: expected one of earliest, latest, none: "smallest"',
      'ENABLE_AUTO_COMMIT: expected true or false: "maybe"',
      'KAFKA_SASL_MECHANISM: expected one of none, plain, scram-sha-256, scram-sha-512, oauthbearer: "gssapi"',
      'UNKEYED_ORDER: expected one of partition, none: "key"',
      'LOG_LEVEL: expected one of debug, info, warning, error: "verbose"',
      'LOG_FORMAT: expected one of pretty, json, ecs: "xml"',
    ],
  },
  {
    name: "numbers out of bounds and of another kind",
    env: {
      MAX_RETRIES: "-1",
      RETRY_DELAY: "3601",
      CONCURRENCY: "0",
      COMMIT_MAX_MESSAGES: "1e3",
      PROCESSING_MAX_ATTEMPTS: "2.5",
    },
    problems: [
      'MAX_RETRIES: expected an integer from 0 to 1000000: "-1"',
      'RETRY_DELAY: expected a number from 0 to 3600: "3601"',
      'COMMIT_MAX_MESSAGES: expected an integer from 1 to 10000000: "1e3"',
      'CONCURRENCY: expected an integer from 1 to 10000: "0"',
      'PROCESSING_MAX_ATTEMPTS: expected an integer from 1 to 1000: "2.5"',
    ],
  },
  {
    name: "heartbeats too slow for the session, a rebalance shorter than it",
    env: {
      SESSION_TIMEOUT_MS: "9000",
      HEARTBEAT_INTERVAL_MS: "3001",
      REBALANCE_TIMEOUT_MS: "8999",
    },
    problems: [
      "HEARTBEAT_INTERVAL_MS: expected at most a third of SESSION_TIMEOUT_MS (3000): 3001",
      "REBALANCE_TIMEOUT_MS: expected at least SESSION_TIMEOUT_MS (9000): 8999",
    ],
  },
  {
    name: "a backoff above its own maximum",
    flags: { "processing-backoff-ms": "500", "processing-backoff-max-ms": "499" },
    problems: ["PROCESSING_BACKOFF_MAX_MS: expected at least PROCESSING_BACKOFF_MS (500): 499"],
  },
  {
    name: "fetch sizes that contradict each other",
    env: {
      FETCH_MIN_BYTES: "2048",
      FETCH_MAX_BYTES: "1024",
      MAX_PARTITION_FETCH_BYTES: "4096",
      MAX_DECOMPRESSED_BYTES: "4095",
    },
    problems: [
      "FETCH_MIN_BYTES: expected at most FETCH_MAX_BYTES (1024): 2048",
      "MAX_DECOMPRESSED_BYTES: expected at least MAX_PARTITION_FETCH_BYTES (4096): 4095",
    ],
  },
  {
    name: "dead letters that would be consumed again",
    env: { KAFKA_TOPIC: "orders,graveyard", DLQ_TOPIC: "graveyard" },
    problems: ["DLQ_TOPIC: dead letters would be consumed again, graveyard is in KAFKA_TOPIC"],
  },
  {
    name: "the default dead-letter topic among the topics",
    env: { KAFKA_TOPIC: "orders,orders.dlq" },
    problems: ["DLQ_TOPIC: dead letters would be consumed again, orders.dlq is in KAFKA_TOPIC"],
  },
  {
    name: "a topic too long for its dead-letter topic, and a bad retention",
    env: { KAFKA_TOPIC: LONG_TOPIC, DLQ_RETENTION_MS: "-2" },
    problems: [
      'DLQ_RETENTION_MS: expected an integer from 1 to 3153600000000, or -1: "-2"',
      `DLQ_TOPIC: the default name, ${LONG_TOPIC}.dlq, is longer than 249 characters: choose one`,
    ],
  },
  {
    name: "TLS material without TLS",
    env: { KAFKA_TLS_CERT: "x", KAFKA_TLS_KEY: "y", KAFKA_TLS_SERVERNAME: "kafka" },
    problems: [
      "KAFKA_TLS_CERT: needs KAFKA_TLS_ENABLED=true",
      "KAFKA_TLS_KEY: needs KAFKA_TLS_ENABLED=true",
      "KAFKA_TLS_SERVERNAME: needs KAFKA_TLS_ENABLED=true",
    ],
  },
  {
    name: "TLS material that is none",
    env: { KAFKA_TLS_ENABLED: "true", KAFKA_TLS_CA: "/etc/ssl/ca.pem", KAFKA_TLS_KEY: "secret!" },
    problems: [
      "KAFKA_TLS_KEY: needs its KAFKA_TLS_CERT",
      "KAFKA_TLS_CA: holds no PEM certificate (-----BEGIN CERTIFICATE-----)",
      "KAFKA_TLS_KEY: holds no PEM private key (-----BEGIN PRIVATE KEY-----)",
    ],
  },
  {
    name: "SASL without user and password",
    env: { KAFKA_SASL_MECHANISM: "SCRAM-SHA-512" },
    problems: [
      "KAFKA_SASL_USERNAME: required by KAFKA_SASL_MECHANISM=scram-sha-512",
      "KAFKA_SASL_PASSWORD: required by KAFKA_SASL_MECHANISM=scram-sha-512",
    ],
  },
  {
    name: "user and password without SASL",
    env: { KAFKA_SASL_USERNAME: "app", KAFKA_SASL_PASSWORD: "hunter2" },
    problems: [
      "KAFKA_SASL_USERNAME: needs a KAFKA_SASL_MECHANISM other than none",
      "KAFKA_SASL_PASSWORD: needs a KAFKA_SASL_MECHANISM other than none",
    ],
  },
  {
    name: "OAUTHBEARER with a user and no token",
    env: { KAFKA_SASL_MECHANISM: "oauthbearer", KAFKA_SASL_USERNAME: "app" },
    problems: [
      "KAFKA_SASL_USERNAME: of no use to KAFKA_SASL_MECHANISM=oauthbearer",
      "KAFKA_SASL_OAUTHBEARER_TOKEN or KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: required by KAFKA_SASL_MECHANISM=oauthbearer",
    ],
  },
  {
    name: "OAUTHBEARER with a token and what only an endpoint needs",
    env: {
      KAFKA_SASL_MECHANISM: "oauthbearer",
      KAFKA_SASL_OAUTHBEARER_TOKEN: "a.b.",
      KAFKA_SASL_OAUTHBEARER_SCOPE: "kafka",
      KAFKA_SASL_OAUTHBEARER_EXTENSIONS: "auth=x",
    },
    problems: [
      'KAFKA_SASL_OAUTHBEARER_EXTENSIONS: expected name=value with a name of letters other than auth: "auth=x"',
      "KAFKA_SASL_OAUTHBEARER_SCOPE: needs KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL",
    ],
  },
  {
    name: "a token endpoint without a client, and a token as well",
    env: {
      KAFKA_SASL_MECHANISM: "oauthbearer",
      KAFKA_SASL_OAUTHBEARER_TOKEN: "a.b.",
      KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: "https://issuer.example/token",
    },
    problems: [
      "KAFKA_SASL_OAUTHBEARER_TOKEN: given together with KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL, only one may be",
      "KAFKA_SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_ID: required by KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL",
      "KAFKA_SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_SECRET: required by KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL",
    ],
  },
  {
    name: "a token endpoint over plain http, and settings of OAUTHBEARER without it",
    env: {
      KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: "http://issuer.example/token",
      KAFKA_SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_ID: "app",
    },
    problems: [
      'KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: expected an https URL, or an http one with a loopback address: "http://issuer.example/token"',
      "KAFKA_SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_ID: needs KAFKA_SASL_MECHANISM=oauthbearer",
    ],
  },
  {
    name: "a secret and its file, a file that is missing, one that is empty",
    env: {
      KAFKA_SASL_MECHANISM: "plain",
      KAFKA_SASL_USERNAME: "app",
      KAFKA_SASL_PASSWORD: "hunter2",
      KAFKA_SASL_PASSWORD_FILE: "/run/secrets/password",
      KAFKA_TLS_ENABLED: "true",
      KAFKA_TLS_CA_FILE: "/run/secrets/ca.pem",
    },
    flags: { "kafka-tls-cert-file": "/run/secrets/empty.pem" },
    files: { "/run/secrets/password": "hunter2", "/run/secrets/empty.pem": "\n" },
    problems: [
      "KAFKA_TLS_CA_FILE: cannot read /run/secrets/ca.pem: no such file",
      "--kafka-tls-cert-file: nothing in /run/secrets/empty.pem",
      "KAFKA_SASL_PASSWORD: given together with KAFKA_SASL_PASSWORD_FILE, only one may be",
    ],
  },
  {
    name: "addresses to listen on that are none",
    env: { HTTP_HOST: "127.0.0.1:8080", HTTP_PORT: "http" },
    problems: [
      'HTTP_HOST: expected a host name or an address, without a port: "127.0.0.1:8080"',
      'HTTP_PORT: expected an integer from 0 to 65535, or off: "http"',
    ],
  },
  {
    name: "names that Kafka would refuse, and one that is too long",
    env: { KAFKA_GROUP_INSTANCE_ID: "pod/1", DLQ_TOPIC: "..", KAFKA_GROUP_ID: "g".repeat(256) },
    problems: [
      `KAFKA_GROUP_ID: expected at most 255 characters: "${"g".repeat(100)}..."`,
      'KAFKA_GROUP_INSTANCE_ID: expected a name of at most 249 letters, digits, ".", "_" and "-": "pod/1"',
      'DLQ_TOPIC: expected a name of at most 249 letters, digits, ".", "_" and "-", or none: ".."',
    ],
  },
  {
    name: "misspelt variables, a line of .env that is none, and a value that does not fit",
    env: { KAFKA_BROKRES: "kafka:9092", MAX_RETRY: "3", DRAIN_TIMEOUT_MS: "25s" },
    files: { ".env": "# ours\nKAFKA_TOPIC: events\n" },
    problems: [
      ".env: line 2: expected NAME=value",
      'DRAIN_TIMEOUT_MS: expected an integer from 0 to 3600000: "25s"',
      "KAFKA_BROKRES: unknown, did you mean KAFKA_BROKERS?",
    ],
  },
  {
    name: "secrets from files that one may not read",
    env: { KAFKA_SASL_MECHANISM: "plain", KAFKA_SASL_PASSWORD_FILE: "/root/password" },
    problems: [
      "KAFKA_SASL_PASSWORD_FILE: cannot read /root/password: no such file",
      "KAFKA_SASL_USERNAME: required by KAFKA_SASL_MECHANISM=plain",
    ],
  },
];

for (const { name, problems, ...sources } of BAD) {
  Deno.test(`loadConfig() reports all at once: ${name}`, () => {
    assert.throws(() => loadConfig(configSources(sources)), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(error.problems, problems);
      for (const problem of problems) assert.ok(error.message.includes(problem));
      assert.ok(!/hunter2|secret!/.test(error.message), "a secret is in the message");
      return true;
    });
  });
}
