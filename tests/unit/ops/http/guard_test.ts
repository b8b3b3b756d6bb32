import assert from "node:assert/strict";
import { refuseAction, refuseHost } from "../../../../src/ops/http/guard.ts";

const TOKEN = "a-token-of-24-characters";
const GOOD = {
  host: "localhost:8080",
  origin: "http://localhost:8080",
  authorization: `Bearer ${TOKEN}`,
  "content-type": "application/json; charset=utf-8",
};

function post(own: Readonly<Record<string, string | null>> = {}): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries({ ...GOOD, ...own })) {
    if (value !== null) headers.set(name, value);
  }
  return new Request("http://localhost:8080/actions/pause", { method: "POST", headers });
}

Deno.test("refuseHost() lets loopback names and CONSOLE_HOSTS in, and no name that somebody points here", () => {
  const status = (host: string | null) => refuseHost(post({ host }), ["Console.example"])?.status;
  for (const host of ["localhost", "127.0.0.1:1", "[::1]:8080", "console.EXAMPLE:443"]) {
    assert.equal(status(host), undefined, host);
  }
  for (const host of ["evil.example", "localhost.evil.example", "127.0.0.2", "10.0.0.1:8080"]) {
    assert.equal(status(host), 403, host);
  }
  assert.equal(status(null), 400);
  assert.equal(status("not a host"), 400);
});

Deno.test("refuseAction() lets a request with the token in", () => {
  assert.equal(refuseAction(post(), TOKEN), null);
  assert.equal(refuseAction(post({ origin: null }), TOKEN), null);
  assert.equal(refuseAction(post({ "sec-fetch-site": "same-origin" }), TOKEN), null);
});

Deno.test("refuseAction() refuses what a page of somebody else could send", () => {
  const status = (own: Readonly<Record<string, string | null>>) =>
    refuseAction(post(own), TOKEN)?.status;
  assert.equal(status({ origin: "http://evil.example" }), 403);
  assert.equal(status({ origin: "null" }), 403);
  assert.equal(status({ origin: "http://localhost:9999" }), 403);
  assert.equal(status({ "sec-fetch-site": "cross-site" }), 403);
  assert.equal(status({ "content-type": "text/plain" }), 415);
  assert.equal(status({ "content-type": null }), 415);
});

Deno.test("refuseAction() tells a missing or wrong token from everything else, and needs one to be set", () => {
  for (const authorization of [null, "", TOKEN, `Basic ${TOKEN}`, "Bearer x", `Bearer ${TOKEN}x`]) {
    const refused = refuseAction(post({ authorization }), TOKEN);
    assert.deepEqual([refused?.status, refused?.isIntrusion], [401, true], String(authorization));
  }
  const unset = refuseAction(post(), null);
  assert.deepEqual([unset?.status, unset?.isIntrusion], [403, false]);
});
