import assert from "node:assert/strict";
import { run } from "../../../src/commands/healthcheck.ts";

async function check(config: { httpHost: string; httpPort: number | null }, ready = false) {
  const printed: string[] = [];
  const print = (text: string) => void printed.push(text);
  const code = await run({ config, flags: { ready }, print });
  assert.equal(printed.length, 1);
  assert.ok(!printed[0]?.includes("\n"));
  return { code, line: printed[0] ?? "" };
}

async function serving<T>(
  handler: (path: string) => Response,
  test: (port: number) => Promise<T>,
): Promise<T> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => handler(new URL(request.url).pathname),
  );
  try {
    return await test(server.addr.port);
  } finally {
    await server.shutdown();
  }
}

Deno.test("healthcheck asks /livez, with --ready /readyz, on loopback for every address", async () => {
  const answer = (path: string) =>
    path === "/livez" ? new Response("ok\n") : new Response("not ok: kafka\n", { status: 503 });
  await serving(answer, async (httpPort) => {
    const live = await check({ httpHost: "0.0.0.0", httpPort });
    const text = `http://127.0.0.1:${httpPort}/livez: 200 ok`;
    assert.deepEqual(live, { code: 0, line: text });
    const ready = await check({ httpHost: "127.0.0.1", httpPort }, true);
    const reason = `http://127.0.0.1:${httpPort}/readyz: 503 not ok: kafka`;
    assert.deepEqual(ready, { code: 1, line: reason });
  });
});

Deno.test("healthcheck fails when nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const httpPort = (listener.addr as Deno.NetAddr).port;
  listener.close();
  const { code, line } = await check({ httpHost: "127.0.0.1", httpPort });
  assert.equal(code, 1);
  assert.match(line, /ECONNREFUSED/);
});

Deno.test("healthcheck fails where no port is known, and says which setting decides", async () => {
  const off = await check({ httpHost: "127.0.0.1", httpPort: null });
  assert.equal(off.code, 1);
  assert.match(off.line, /HTTP_PORT=off/);
  assert.equal((await check({ httpHost: "127.0.0.1", httpPort: 0 })).code, 1);
});
