/**
 * Raw bytes to the HTTP server: each connection gets an HTTP answer or is closed, and the next client's probe is
 * answered.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { SuppliedSecret } from "../../../src/config/secret.ts";
import { Health } from "../../../src/ops/health.ts";
import { type HttpServer, startHttpServer } from "../../../src/ops/http_server.ts";
import { systemClock } from "../../../src/ops/system_clock.ts";
import type { SeededRandom } from "../../support/seeded_random.ts";
import { damageSome, randomBytes, randomText } from "../bytes.ts";
import type { FuzzTarget } from "../target.ts";

export const HTTP: FuzzTarget = { name: "http", weight: 1, make, check, close };

const METHODS = ["GET", "HEAD", "POST", "DELETE", "CONNECT", "OPTIONS", "TRACE", "get", "PRI", ""];
const PATHS = [
  ...["/livez", "/readyz?verbose", "/status", "/version", "/metrics", "/", "*", "//x", "/%ff"],
  ...["http://x/livez", "/../livez", "/livez?\0", "http://[::", "/livez#a", "//", "///", "http://"],
];
const HEADERS = [
  ...[
    "Host: x",
    "Host:",
    "Host: a b",
    "Content-Length: 5",
    "Content-Length: -1",
    "Connection: close",
  ],
  ...["Transfer-Encoding: chunked", "Expect: 100-continue", "Upgrade: websocket", "Upgrade: h2c"],
  ...["Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABk", "Range: bytes=0-", ": x"],
];
const READ_MAX_BYTES = 1 << 20;

function make(random: SeededRandom): Uint8Array {
  if (random.chance(0.05)) return randomBytes(random, 200);
  let text = "";
  for (let left = random.between(1, 3); left > 0; left--) {
    const path = random.chance(0.9) ? random.pick(PATHS) : `/${randomText(random, 20)}`;
    const version = random.pick(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9", ""]);
    const method = random.chance(0.6) ? "GET" : random.pick(METHODS);
    text += `${method} ${path} ${version}\r\n`;
    if (random.chance(0.8)) text += "Host: localhost\r\n";
    for (let more = random.below(4); more > 0; more--) text += `${random.pick(HEADERS)}\r\n`;
    if (random.chance(0.02)) text += `X: ${"y".repeat(random.below(100_000))}\r\n`;
    text += random.chance(0.95) ? "\r\n" : "";
    if (random.chance(0.2)) text += random.pick(["12345", "5\r\n12345\r\n0\r\n\r\n", "zz\r\n"]);
  }
  return damageSome(random, Buffer.from(text, "latin1"), 0.6);
}

let server: HttpServer | null = null;

async function check(input: Uint8Array): Promise<void> {
  const { port } = new URL((server ??= start()).url);
  const answer = await exchange(Number(port), input);
  if (answer.length > 0) {
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1];
    // A preface of HTTP/2 is answered in HTTP/2.
    const isHttp2 = input.length >= 3 && Buffer.from(input.subarray(0, 3)).toString() === "PRI";
    assert.ok(status !== undefined || isHttp2, answer.slice(0, 100));
    assert.ok(status !== "500", "the handler failed");
  }
  const probe = await exchange(Number(port), Buffer.from(PROBE));
  assert.match(probe, /^HTTP\/1\.1 200 /);
}

const PROBE = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/** Sends all, closes its half, reads to the end. */
async function exchange(port: number, input: Uint8Array): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const sending = send(connection, input);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    const room = new Uint8Array(16_384);
    for (
      let read = await connection.read(room);
      read !== null;
      read = await connection.read(room)
    ) {
      chunks.push(room.slice(0, read));
      size += read;
      assert.ok(size < READ_MAX_BYTES, "it answers without an end");
    }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error; // anything else is a reset
  }
  await sending;
  return Buffer.concat(chunks).toString("latin1");
}

async function send(connection: Deno.TcpConn, input: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < input.length;) at += await connection.write(input.subarray(at));
    await connection.closeWrite();
  } catch {
    // The server has hung up.
  }
}

function start(): HttpServer {
  const health = new Health();
  const started = startHttpServer({
    config: {
      httpHost: "127.0.0.1",
      httpPort: 0,
      consoleToken: new SuppliedSecret(() => "a-token-of-24-characters"),
      consoleHosts: null,
    },
    health,
    clock: systemClock,
    version: { version: "1.2.3" },
    status: () => ({ lag: 3 }),
    metrics: () => "# EOF\n",
    snapshot: () => ({ lag: 3 }),
    deadLetters: () => ({}),
    actions: {
      pause() {},
      resume() {},
      rehearse() {},
      redrive() {},
      stopRedrive() {},
      setLogLevel() {},
    },
    consoleFiles: new Map(),
    onIntrusion() {},
  });
  assert.ok(started !== null);
  return started;
}

async function close(): Promise<void> {
  await server?.close(1_000);
  server = null;
}
