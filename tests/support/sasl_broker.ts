/**
 * A broker that goes no further than authentication: it tells its versions and its SASL mechanism, and a test decides
 * what becomes of the credentials. For what a real broker does only at the wrong moment.
 */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import net from "node:net";
import { type Encoder, newEncoder } from "../../src/kafka/kafkajs.ts";
import { type BrokerAddress, REQUIRED_APIS } from "../../src/kafka/protocol.ts";

/** Gets the connection on which credentials arrived; `answer` refuses them. */
export type OnCredentials = (socket: net.Socket, answer: { refuse(text: string): void }) => void;

export class SaslBroker implements AsyncDisposable {
  readonly address: BrokerAddress;
  readonly #server: net.Server;
  readonly #sockets: ReadonlySet<net.Socket>;

  private constructor(port: number, server: net.Server, sockets: ReadonlySet<net.Socket>) {
    this.address = { id: -1, host: HOST, port };
    this.#server = server;
    this.#sockets = sockets;
  }

  static async start(onCredentials: OnCredentials): Promise<SaslBroker> {
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => {
      sockets.add(socket);
      serve(socket, onCredentials);
    });
    server.listen(0, HOST);
    await once(server, "listening");
    const address = server.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    return new SaslBroker(port, server, sockets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

const HOST = "127.0.0.1";
const MECHANISM = "PLAIN";
const API_VERSIONS = 18;
const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;
const SASL_AUTHENTICATION_FAILED = 58;

/** Requests come one at a time, each in one piece: they are small, and kafkajs waits for each answer. */
function serve(socket: net.Socket, onCredentials: OnCredentials): void {
  socket.on("error", () => {});
  socket.on("data", (request: Buffer) => {
    const apiKey = request.readInt16BE(4);
    const send = (body: Encoder) => socket.write(frame(request.readInt32BE(8), body));
    if (apiKey === API_VERSIONS) send(versions());
    else if (apiKey === SASL_HANDSHAKE) send(mechanisms());
    else onCredentials(socket, { refuse: (text) => void send(refusal(text)) });
  });
}

/** ApiVersions 1 and 2. */
function versions(): Encoder {
  const ranges = [
    ...REQUIRED_APIS.map(({ apiKey, version }) => ({ apiKey, version })),
    { apiKey: SASL_HANDSHAKE, version: 1 },
    { apiKey: SASL_AUTHENTICATE, version: 1 },
  ];
  const body = newEncoder().writeInt16(0).writeInt32(ranges.length);
  for (const { apiKey, version } of ranges) {
    body.writeInt16(apiKey).writeInt16(0).writeInt16(version);
  }
  return body.writeInt32(0); // throttle time
}

/** SaslHandshake 0 and 1. */
function mechanisms(): Encoder {
  return newEncoder().writeInt16(0).writeInt32(1).writeString(MECHANISM);
}

/** SaslAuthenticate 1. */
function refusal(text: string): Encoder {
  const body = newEncoder().writeInt16(SASL_AUTHENTICATION_FAILED).writeString(text);
  return body.writeBytes(new Uint8Array()).writeInt64(0);
}

function frame(correlationId: number, body: Encoder): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + body.buffer.length, 0);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, body.buffer]);
}
