import assert from "node:assert/strict";
import { eventually } from "../../support/eventually.ts";
import { TcpProxy } from "../../support/tcp_proxy.ts";

const DEADLINE_MS = 5_000;
const encoder = new TextEncoder();

/** A server that sends back what it gets. */
class EchoServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving = this.#serve();

  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const echoes: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      echoes.push(connection.readable.pipeTo(connection.writable).catch(() => {}));
    }
    await Promise.all(echoes);
  }
}

async function connect(proxy: TcpProxy): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
}

async function say(connection: Deno.TcpConn, text: string): Promise<void> {
  await connection.write(encoder.encode(text));
}

async function hear(connection: Deno.TcpConn): Promise<string | null> {
  const buffer = new Uint8Array(1024);
  const count = await connection.read(buffer);
  return count === null ? null : new TextDecoder().decode(buffer.subarray(0, count));
}

Deno.test("TcpProxy passes bytes both ways and the end of the stream", async () => {
  await using server = new EchoServer();
  await using proxy = await TcpProxy.start(server.address);
  using connection = await connect(proxy);
  await say(connection, "hello");
  assert.equal(await hear(connection), "hello");
  await connection.closeWrite();
  assert.equal(await hear(connection), null);
});

Deno.test("TcpProxy.delay() lets everything arrive later and in order", async () => {
  await using server = new EchoServer();
  await using proxy = await TcpProxy.start(server.address);
  using connection = await connect(proxy);
  proxy.delay(20);
  const sentAt = performance.now();
  await say(connection, "a");
  assert.equal(await hear(connection), "a");
  // 20 ms there and 20 ms back; timers may fire a millisecond early.
  assert.ok(performance.now() - sentAt >= 38);
});

Deno.test("TcpProxy.stall() holds everything back until resume()", async () => {
  await using server = new EchoServer();
  await using proxy = await TcpProxy.start(server.address);
  using connection = await connect(proxy);
  proxy.stall();
  await say(connection, "held");
  let heard: string | null | undefined;
  const hearing = hear(connection).then((text) => heard = text);
  using late = await connect(proxy);
  await eventually("the proxy took a new connection", () => proxy.connections === 2, {
    withinMs: DEADLINE_MS,
  });
  assert.equal(heard, undefined);
  proxy.resume();
  await hearing;
  assert.equal(heard, "held");
  await say(late, "late");
  assert.equal(await hear(late), "late");
});

Deno.test("TcpProxy.reset() ends connections by RST and takes new ones", async () => {
  await using server = new EchoServer();
  await using proxy = await TcpProxy.start(server.address);
  using connection = await connect(proxy);
  await say(connection, "a");
  assert.equal(await hear(connection), "a");
  proxy.reset();
  await assert.rejects(hear(connection), Deno.errors.ConnectionReset);
  using next = await connect(proxy);
  await say(next, "b");
  assert.equal(await hear(next), "b");
});

Deno.test("TcpProxy.cut() ends connections and refuses new ones until restore()", async () => {
  await using server = new EchoServer();
  await using proxy = await TcpProxy.start(server.address);
  const before = proxy.address;
  using connection = await connect(proxy);
  await say(connection, "a");
  assert.equal(await hear(connection), "a");
  await proxy.cut();
  await assert.rejects(connect(proxy), Deno.errors.ConnectionRefused);
  assert.equal(proxy.connections, 0);
  await proxy.restore();
  assert.equal(proxy.address, before);
  using next = await connect(proxy);
  await say(next, "b");
  assert.equal(await hear(next), "b");
});
