/**
 * What a broker sends over TCP, from the first byte on: a call ends in an answer or in an error, never in an exception
 * out of a socket's event, which would end the process, and never in a connection that stays open for nobody.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import net from "node:net";
import { Connections } from "../../../src/kafka/connections.ts";
import { kafkajsRequest } from "../../../src/kafka/kafkajs.ts";
import { metadata } from "../../../src/kafka/metadata_request.ts";
import { systemClock } from "../../../src/ops/system_clock.ts";
import type { SeededRandom } from "../../support/seeded_random.ts";
import { damage, damageSome, oddInt, randomBytes } from "../bytes.ts";
import { askFrame, frameOf, realBroker, TOPIC } from "../real_answers.ts";
import type { FuzzTarget } from "../target.ts";

export const WIRE: FuzzTarget = { name: "wire", weight: 0.05, make, check, close };

/** Less than CHECK_LIMIT_MS: garbage that looks like the beginning of an answer is waited for. */
const DEADLINE_MS = 100;

/** What the broker sends first and what it sends next, each behind its length in two bytes. */
async function make(random: SeededRandom): Promise<Uint8Array> {
  const parts = (await realFrames()).map((frame) => {
    const kind = random.next();
    if (kind < 0.03) return randomBytes(random, 60);
    const changed = Buffer.from(kind < 0.5 ? damageSome(random, frame, 0.5) : frame);
    if (kind > 0.8 && changed.length >= 8) {
      // A length that cannot be, or another correlation id.
      changed.writeInt32BE(random.pick([-1, 0, 1, 3, 4, oddInt(random)]), random.pick([0, 0, 4]));
    }
    return kind > 0.95 ? damage(random, changed) : changed;
  });
  return Buffer.concat(parts.flatMap((part) => {
    return [Buffer.from([part.length >> 8, part.length & 255]), part];
  }));
}

let frames: Promise<readonly Buffer[]> | null = null;

/** Answers to ApiVersions and Metadata. */
function realFrames(): Promise<readonly Buffer[]> {
  frames ??= (async () => {
    const fixture = await realBroker();
    const { request } = kafkajsRequest("ApiVersions", {});
    const versions = { ...request, minVersion: 2, maxVersion: 2, encode: () => request };
    const asked = [
      { frame: await frameOf({ ...versions, decode: () => null }, request.apiVersion), id: 0 },
      { frame: await frameOf(metadata([TOPIC]), 12), id: 1 },
    ];
    return await Promise.all(asked.map(async ({ frame, id }) => {
      const payload = await askFrame(fixture, frame);
      const head = Buffer.alloc(8);
      head.writeInt32BE(payload.length + 4, 0);
      head.writeInt32BE(id, 4);
      return Buffer.concat([head, payload]);
    }));
  })();
  return frames;
}

/** The broker: sends the next part whenever something comes. */
class Sender {
  readonly #server = net.createServer((socket) => this.#serve(socket));
  readonly #sockets = new Set<net.Socket>();
  parts: readonly Uint8Array[] = [];

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as net.AddressInfo).port;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: net.Socket): void {
    const left = [...this.parts];
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("data", () => {
      const part = left.shift();
      if (part !== undefined) socket.write(part);
      if (left.length === 0) socket.end();
    });
  }
}

let sender: { readonly broker: Sender; readonly port: number } | null = null;

async function check(input: Uint8Array): Promise<void> {
  if (sender === null) {
    const broker = new Sender();
    sender = { broker, port: await broker.listen() };
  }
  const { broker, port } = sender;
  broker.parts = split(Buffer.from(input));
  const connections = new Connections({
    clientId: "fuzz",
    ssl: null,
    sasl: null,
    connectionTimeoutMs: DEADLINE_MS,
    requestTimeoutMs: DEADLINE_MS,
    clock: systemClock,
    kafkajsLogger: SILENT,
  });
  try {
    await connections.call({
      to: { id: -1, host: "127.0.0.1", port },
      purpose: "metadata",
      request: metadata([TOPIC]),
      deadlineMs: DEADLINE_MS,
    });
  } catch (error) {
    assert.ok(error instanceof Error, String(error));
  } finally {
    connections.close();
  }
  for (let turn = 0; turn < 100 && broker.openSockets > 0; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(broker.openSockets, 0, "a connection is left open");
}

function split(bytes: Buffer): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const end = at + 2 + bytes.readUInt16BE(at);
    parts.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return parts;
}

const SILENT = { namespace: () => SILENT, debug() {}, info() {}, warn() {}, error() {} };

async function close(): Promise<void> {
  await sender?.broker.close();
  sender = null;
}
