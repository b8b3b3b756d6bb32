import assert from "node:assert/strict";
import http from "node:http";
import { EXIT, ExitError } from "../../../src/ops/exit.ts";
import { CONSOLE_FILES } from "../../../src/console/files.ts";
import { Health } from "../../../src/ops/health.ts";
import { type HttpServer, startHttpServer } from "../../../src/ops/http_server.ts";
import { SuppliedSecret } from "../../../src/config/secret.ts";
import { systemClock } from "../../../src/ops/system_clock.ts";
import { within } from "../../support/eventually.ts";

const TOKEN = "a-token-of-24-characters";

function start(options: { port?: number | null; status?: () => unknown } = {}) {
  const { port = 0, status = () => ({ lag: 3 }) } = options;
  const health = new Health();
  const done: unknown[] = [];
  const server = startHttpServer({
    config: {
      httpHost: "127.0.0.1",
      httpPort: port,
      consoleToken: new SuppliedSecret(() => TOKEN),
      consoleHosts: ["console.example"],
    },
    health,
    clock: systemClock,
    version: { version: "1.2.3" },
    metrics: (format) => `# ${format}\n`,
    status,
    snapshot: () => ({}),
    deadLetters: () => ({ topics: ["events.dlq"] }),
    actions: {
      pause: (scope, { from }) => void done.push(["pause", scope, from]),
      resume: (scope, { from }) => void done.push(["resume", scope, from]),
      rehearse: ({ fingerprint }, { by }) => void done.push(["rehearse", fingerprint, by]),
      redrive: ({ fingerprint }, { by }) => void done.push(["redrive", fingerprint, by]),
      stopRedrive: ({ by }) => void done.push(["stopRedrive", by]),
      setLogLevel: (level) => void done.push(["setLogLevel", level]),
    },
    consoleFiles: CONSOLE_FILES,
    onIntrusion: ({ path }) => void done.push(["intrusion", path]),
  });
  return { health, server, done };
}

async function served(
  test: (at: { health: Health; server: HttpServer; done: unknown[] }) => Promise<void>,
  options?: { status?: () => unknown },
): Promise<void> {
  const { health, server, done } = start(options);
  assert.ok(server !== null);
  try {
    await test({ health, server, done });
  } finally {
    await server.close(1_000);
  }
}

async function get(url: string, method = "GET") {
  const response = await fetch(url, { method });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

Deno.test("startHttpServer() answers the probes and their aliases", () =>
  served(async ({ health, server }) => {
    for (const path of ["/livez", "/healthz", "/health", "/ping"]) {
      const { status, text } = await get(server.url + path);
      assert.deepEqual([status, text], [200, "ok\n"], path);
    }
    for (const path of ["/readyz", "/ready", "/startupz"]) {
      assert.equal((await get(server.url + path)).status, 503, path);
    }
    health.setPhase("running");
    for (const path of ["/readyz", "/ready", "/startupz"]) {
      assert.equal((await get(server.url + path)).status, 200, path);
    }
  }));

Deno.test("startHttpServer() says why not, with ?verbose one line a check", () =>
  served(async ({ health, server }) => {
    health.setPhase("running");
    health.setProblem("kafka", "no broker answers");
    const short = await get(`${server.url}/readyz`);
    assert.equal(short.text, "not ok: kafka: no broker answers\n");
    const verbose = await get(`${server.url}/readyz?verbose`);
    assert.equal(verbose.status, 503);
    const expected =
      "[+]phase ok: running\n[-]kafka failed: no broker answers\nreadyz check failed\n";
    assert.equal(verbose.text, expected);
  }));

Deno.test("startHttpServer() answers /status and /version as JSON", () =>
  served(async ({ server }) => {
    const status = await get(`${server.url}/status`);
    assert.deepEqual(JSON.parse(status.text), { lag: 3 });
    assert.match(status.headers.get("content-type") ?? "", /^application\/json/);
    assert.equal(status.headers.get("cache-control"), "no-store");
    assert.deepEqual(JSON.parse((await get(`${server.url}/version`)).text), { version: "1.2.3" });
  }));

Deno.test("startHttpServer() answers /metrics in the format that is asked for", () =>
  served(async ({ server }) => {
    const text = await fetch(`${server.url}/metrics`);
    assert.equal(await text.text(), "# text\n");
    assert.equal(text.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    const accept = "application/openmetrics-text;version=1.0.0";
    const openmetrics = await fetch(`${server.url}/metrics`, { headers: { accept } });
    assert.equal(await openmetrics.text(), "# openmetrics\n");
    assert.match(openmetrics.headers.get("content-type") ?? "", /^application\/openmetrics-text/);
  }));

Deno.test("startHttpServer() refuses other paths and methods", () =>
  served(async ({ server }) => {
    assert.equal((await get(`${server.url}/console/`)).status, 404);
    assert.equal((await get(`${server.url}/livez/x`)).status, 404);
    const post = await get(`${server.url}/livez`, "POST");
    assert.equal(post.status, 405);
    assert.equal(post.headers.get("allow"), "GET, HEAD");
    const head = await get(`${server.url}/livez`, "HEAD");
    assert.deepEqual([head.status, head.text], [200, ""]);
  }));

Deno.test("startHttpServer() takes actions with the token only, and tells of a wrong one", () =>
  served(async ({ server, done }) => {
    const send = async (headers: Readonly<Record<string, string>>, method = "POST") => {
      const body = method === "POST" ? JSON.stringify({ partitions: "all", reason: "x" }) : null;
      const response = await fetch(`${server.url}/actions/pause`, { method, headers, body });
      await response.body?.cancel();
      return response.status;
    };
    const good = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    assert.equal(await send({ ...good, authorization: "Bearer wrong" }), 401);
    assert.equal(await send({ ...good, origin: "http://evil.example" }), 403);
    assert.equal(await send(good, "GET"), 405);
    assert.deepEqual(done, [["intrusion", "/actions/pause"]]);
    assert.equal(await send(good), 200);
    assert.deepEqual(done.at(-1), ["pause", "all", "127.0.0.1"]);
  }));

Deno.test("startHttpServer() serves the console under its own names, probes and scrapes under any", () =>
  served(async ({ server, health }) => {
    health.setPhase("running");
    const under = (host: string) => (path: string) => statusUnder(`${server.url}${path}`, host);
    const [evil, good] = [under("evil.example"), under("console.example:8080")];
    for (const path of ["/livez", "/readyz", "/metrics", "/status", "/version"]) {
      assert.equal(await evil(path), 200, path);
    }
    for (const path of ["/events", "/dead-letters", ...CONSOLE_FILES.keys()]) {
      assert.equal(await evil(path), 403, path);
      assert.equal(await good(path), 200, path);
    }
  }));

Deno.test("startHttpServer() serves a console page that may load nothing from elsewhere", () =>
  served(async ({ server }) => {
    const { text, headers } = await get(`${server.url}/`);
    assert.match(headers.get("content-type") ?? "", /^text\/html/);
    assert.match(headers.get("content-security-policy") ?? "", /^default-src 'none';/);
    const files = [...text.matchAll(/(?:src|href)="(console\/[^"]+)"/g)].map(([, path]) => path);
    assert.ok(files.length > 4);
    for (const path of files) assert.ok(CONSOLE_FILES.has(`/${path}`), path);
    assert.doesNotMatch(text, /style=|<style|onclick|https?:/);
  }));

Deno.test("startHttpServer() survives a status that cannot be told", () => {
  const status = () => {
    throw new Error("inside");
  };
  return served(async ({ server }) => {
    const { status, text } = await get(`${server.url}/status`);
    assert.deepEqual([status, text], [500, "Internal error\n"]);
    assert.equal((await get(`${server.url}/livez`)).status, 200);
  }, { status });
});

Deno.test("startHttpServer() names both settings when the port is taken", () =>
  served(({ server }) => {
    const port = Number(new URL(server.url).port);
    assert.throws(() => start({ port }), (error) => {
      assert.ok(error instanceof ExitError);
      assert.equal(error.exitCode, EXIT.CONFIG);
      assert.match(error.message, new RegExp(`HTTP_HOST=127.0.0.1, HTTP_PORT=${port}.*taken`));
      return true;
    });
    return Promise.resolve();
  }));

Deno.test("startHttpServer() starts nothing with HTTP_PORT=off", () => {
  assert.equal(start({ port: null }).server, null);
});

Deno.test("HttpServer.close() ends at its deadline though a client does not read its answer", async () => {
  const { server } = start({ status: () => "x".repeat(32 * 1024 * 1024) });
  assert.ok(server !== null);
  const { hostname, port } = new URL(server.url);
  const client = await Deno.connect({ hostname, port: Number(port) });
  await client.write(new TextEncoder().encode("GET /status HTTP/1.1\r\nhost: x\r\n\r\n"));
  await client.read(new Uint8Array(16)); // the answer is under way, and stays so
  await within("the close", server.close(50), 5_000);
  client.close();
  await within("the end of the answer", server.close(10_000), 5_000);
});

Deno.test("startHttpServer() refuses a request for what is no URL with 400", () =>
  served(async ({ server }) => {
    const { hostname, port } = new URL(server.url);
    using connection = await Deno.connect({ hostname, port: Number(port) });
    await connection.write(new TextEncoder().encode("GET http://[:: HTTP/1.1\r\n\r\n"));
    await connection.closeWrite();
    const answer = await new Response(connection.readable).text();
    assert.match(answer, /^HTTP\/1\.1 400 /);
  }));

/** By node:http: `fetch` lets nobody choose the Host header. */
function statusUnder(url: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false, headers: { host } }, (response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    request.on("error", reject);
  });
}
