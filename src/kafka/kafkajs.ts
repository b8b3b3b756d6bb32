/**
 * Every reach into the inside of kafkajs 2.2.4 stands here: its Connection (TCP, TLS, SASL, framing), its wire
 * encoder and decoder, and its request definitions. Consumer, Cluster, BrokerPool, Producer and Admin are not used
 * (docs/decisions/0001-own-group-member.md). `checkKafkajs` says at start what is missing, should the package change.
 */
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import PlainModule from "kafkajs/src/broker/saslAuthenticator/plain.js";
import Scram256Module from "kafkajs/src/broker/saslAuthenticator/scram256.js";
import Scram512Module from "kafkajs/src/broker/saslAuthenticator/scram512.js";
import ConnectionModule from "kafkajs/src/network/connection.js";
import DecoderModule from "kafkajs/src/protocol/decoder.js";
import EncoderModule from "kafkajs/src/protocol/encoder.js";
import kafkajsPackage from "kafkajs/package.json" with { type: "json" };
import requestsModule from "kafkajs/src/protocol/requests/index.js";
import { boundDecoder } from "./bounded_decoder.ts";

export const KAFKAJS_VERSION: string = kafkajsPackage.version;

/** kafkajs's writer of primitive types (protocol/encoder.js), the part that is used. */
export interface Encoder {
  readonly buffer: Buffer;
  writeInt8(value: number): Encoder;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  /** Takes a decimal string or anything that Long.fromValue takes. */
  writeInt64(value: number | string): Encoder;
  writeBoolean(value: boolean): Encoder;
  writeString(value: string | null): Encoder;
  writeUVarInt(value: number): Encoder;
  writeUVarIntString(value: string | null): Encoder;
  writeBytes(value: Uint8Array | null): Encoder;
}

/** kafkajs's reader of primitive types (protocol/decoder.js), the part that is used. */
export interface Decoder {
  readInt8(): number;
  readInt16(): number;
  readInt32(): number;
  readInt64(): { toString(): string };
  readBoolean(): boolean;
  readString(): string;
  readUVarInt(): number;
  readUVarIntString(): string;
  readBytes(length?: number): Buffer;
  readArray<T>(read: (decoder: Decoder) => T): T[];
  readUVarIntArray<T>(read: (decoder: Decoder) => T): T[];
  readTaggedFields(): unknown;
}

/** What kafkajs's `Connection.send` needs to know of a request. */
export interface WireRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  encode(): Promise<Encoder>;
}

/** A request of kafkajs's own with the decoder of its answer. `parse`, which throws answers away, is left out. */
export interface WireDefinition {
  readonly request: WireRequest;
  readonly response: { decode(payload: Buffer): Promise<unknown> };
}

/** The lowest and highest version of an API that a broker takes. */
export interface VersionRange {
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** kafkajs's `Connection` (network/connection.js), the part that is used. */
export interface Connection {
  versions: Readonly<Record<number, VersionRange>> | null;
  connectionStatus: string;
  socket: Socket | undefined;
  readonly sessionLifetime: { toString(): string };
  readonly requestQueue: { scheduleCheckPendingRequests(): void };
  connect(): Promise<unknown>;
  authenticate(): Promise<void>;
  setVersions(versions: Readonly<Record<number, VersionRange>>): void;
  setSupportAuthenticationProtocol(isSupported: boolean): void;
  rejectRequests(error: Error): void;
  processData(data: Buffer): void;
  send(definition: {
    readonly request: WireRequest;
    readonly response: {
      decode(payload: Buffer): Promise<unknown>;
      parse(decoded: unknown): Promise<unknown>;
    };
    readonly logResponseError: boolean;
  }): Promise<unknown>;
}

/** How a connection authenticates itself (broker/saslAuthenticator/index.js): one call, one exchange. */
export type SaslProvider = (exchange: SaslExchange) => { authenticate(): Promise<void> };

/** What kafkajs lets a provider use. */
export interface SaslExchange {
  readonly saslAuthenticate: (message: {
    readonly request: { encode(): Promise<Buffer> };
    readonly response: {
      /** The answer's bytes, behind four that say how many they are. */
      decode(answer: Buffer): Promise<string>;
      parse(text: string): Promise<string>;
    };
  }) => Promise<string>;
}

/** SASL mechanisms by user and password. */
export type PasswordMechanism = "plain" | "scram-sha-256" | "scram-sha-512";

/** What `openSocket` is given by kafkajs (network/socket.js). */
export interface SocketRequest {
  readonly host: string;
  readonly port: number;
  readonly ssl: object | undefined;
  readonly onConnect: () => void;
}

/** How a connection is made. Deadlines are ours, so kafkajs's own request timer stays off. */
export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  readonly ssl: object | null;
  readonly sasl: object | null;
  readonly connectionTimeoutMs: number;
  readonly logger: KafkajsLogger;
  readonly openSocket: (request: SocketRequest) => Socket;
}

/** The logger that kafkajs calls; see client.ts for the levels. */
export interface KafkajsLogger {
  namespace(name: string): KafkajsLogger;
  debug(text: string, extra?: object): void;
  info(text: string, extra?: object): void;
  warn(text: string, extra?: object): void;
  error(text: string, extra?: object): void;
}

interface RequestDefinition {
  readonly versions: readonly (string | number)[];
  protocol(version: { readonly version: number }): (args: object) => WireDefinition;
}

const ConnectionClass = ConnectionModule as unknown as new (options: object) => Connection;
const EncoderClass = EncoderModule as unknown as new () => Encoder;
const DecoderClass = DecoderModule as unknown as new (payload: Uint8Array) => Decoder;
boundDecoder(DecoderClass.prototype);
const definitions = (requestsModule as unknown as {
  readonly requests: Readonly<Record<string, RequestDefinition>>;
}).requests;

/** The requests whose encoders we use, each at the one version that we speak. */
const USED_REQUESTS = {
  ApiVersions: 2,
  CreateTopics: 2,
  DescribeConfigs: 1,
  Fetch: 10,
  GroupCoordinator: 2,
  Heartbeat: 3,
  JoinGroup: 5,
  LeaveGroup: 3,
  ListOffsets: 3,

  SyncGroup: 3,
} as const;

/** Name of a request as kafkajs spells it; `GroupCoordinator` is FindCoordinator. */
export type KafkajsRequest = keyof typeof USED_REQUESTS;

const CONNECTION_METHODS = [
  ...["connect", "authenticate", "send", "setVersions", "rejectRequests", "processData"],
];

/** Share of a SASL session after which to authenticate again. */
const REAUTHENTICATE_BEFORE_END = 0.2;

type PasswordProvider = (
  credentials: { readonly username: string; readonly password: string },
) => SaslProvider;

const PASSWORD_PROVIDERS = {
  "plain": PlainModule,
  "scram-sha-256": Scram256Module,
  "scram-sha-512": Scram512Module,
} as unknown as Readonly<Record<PasswordMechanism, PasswordProvider>>;

/** kafkajs's exchange for a user and a password. */
export function passwordProvider(
  mechanism: PasswordMechanism,
  credentials: { readonly username: string; readonly password: string },
): SaslProvider {
  return PASSWORD_PROVIDERS[mechanism](credentials);
}

export function newEncoder(): Encoder {
  return new EncoderClass();
}

export function newDecoder(payload: Uint8Array): Decoder {
  return new DecoderClass(payload);
}

/** The version at which a request of kafkajs's is sent. */
export function versionOf(name: KafkajsRequest): number {
  return USED_REQUESTS[name];
}

/** A request of kafkajs's at our version, with the decoder of its answer. */
export function kafkajsRequest(name: KafkajsRequest, args: object): WireDefinition {
  const definition = definitions[name];
  if (definition === undefined) throw new Error(`Use kafkajs 2.2.4, it has no request: ${name}`);
  return definition.protocol({ version: USED_REQUESTS[name] })(args);
}

/**
 * A decoded answer without the field that makes network/requestQueue/index.js hold requests back: throttling is ours,
 * and the timer that would let them go again is off.
 */
export function withoutThrottle(decoded: unknown): object {
  return { ...(decoded as object), clientSideThrottleTime: null };
}

/** An unconnected kafkajs connection, rid of the habits that hurt. */
export function newConnection(settings: ConnectionSettings): Connection {
  const connection = new ConnectionClass({
    host: settings.host,
    port: settings.port,
    clientId: settings.clientId,
    logger: settings.logger,
    ssl: settings.ssl,
    sasl: settings.sasl,
    connectionTimeout: settings.connectionTimeoutMs,
    requestTimeout: settings.connectionTimeoutMs,
    enforceRequestTimeout: false,
    socketFactory: settings.openSocket,
  });
  // network/requestQueue/index.js arms a timer of -Date.now() ms that fires every millisecond for ever. It serves
  // a limit on requests in flight and client-side throttling, neither of which we leave to kafkajs.
  connection.requestQueue.scheduleCheckPendingRequests = () => {};
  // network/connection.js authenticates again a fixed 10 s before the session ends: with shorter sessions before
  // every request, which the broker refuses. It makes a BigInt-like Long of the number, so it must be whole.
  Object.defineProperty(connection, "reauthenticationThreshold", {
    get: () => Math.ceil(Number(connection.sessionLifetime.toString()) * REAUTHENTICATE_BEFORE_END),
  });
  // network/connection.js throws out of the socket's "data" event at a frame that cannot be one, which would end the
  // process.
  const processData = connection.processData.bind(connection);
  connection.processData = (data) => {
    try {
      processData(data);
    } catch (error) {
      connection.socket?.destroy(error as Error);
    }
  };
  return connection;
}

/**
 * Looks for everything that this file relies on.
 *
 * @throws Error that names what this kafkajs lacks
 */
export function checkKafkajs(): void {
  const missing: string[] = [];
  for (const [name, version] of Object.entries(USED_REQUESTS)) {
    const versions = definitions[name]?.versions.map(Number) ?? [];
    if (!versions.includes(version)) missing.push(`${name} version ${version}`);
  }
  for (const method of CONNECTION_METHODS) {
    if (typeof ConnectionClass.prototype[method] !== "function") {
      missing.push(`Connection.${method}`);
    }
  }
  for (const method of ["writeInt64", "writeUVarIntString", "writeBytes"]) {
    if (typeof EncoderClass.prototype[method] !== "function") missing.push(`Encoder.${method}`);
  }
  for (const method of ["readInt64", "readUVarIntArray", "readTaggedFields"]) {
    if (typeof DecoderClass.prototype[method] !== "function") missing.push(`Decoder.${method}`);
  }
  for (const [mechanism, provider] of Object.entries(PASSWORD_PROVIDERS)) {
    if (typeof provider !== "function") missing.push(`SASL ${mechanism}`);
  }
  if (missing.length > 0) {
    throw new Error(`Use kafkajs 2.2.4, this one lacks: ${missing.join(", ")}`);
  }
}
