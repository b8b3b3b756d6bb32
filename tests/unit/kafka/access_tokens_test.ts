import assert from "node:assert/strict";
import { AccessTokens } from "../../../src/kafka/access_tokens.ts";
import { CredentialsRefusedError } from "../../../src/kafka/authentication.ts";
import type { IssuedToken } from "../../../src/kafka/token_endpoint.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const LIFE_MS = 100_000;

/** Tokens from an endpoint that a test breaks and mends: token 1, token 2 and so on. */
class Endpoint {
  readonly clock = new ManualClock();
  readonly told: string[] = [];
  requests = 0;
  away = false;
  lifeMs: number | null = LIFE_MS;
  readonly tokens = new AccessTokens({
    clock: this.clock,
    request: () => this.#answer(),
    onFailed: ({ attempt, delayMs }) => {
      assert.ok(delayMs >= 125 && delayMs <= 10_000, `${delayMs}`);
      this.told.push(`failed ${attempt}`);
    },
    onIssuedAgain: ({ attempts }) => this.told.push(`issued again after ${attempts}`),
  });

  #answer(): Promise<IssuedToken> {
    this.requests += 1;
    if (this.away) return Promise.reject(new Error("away"));
    return Promise.resolve({ token: `token ${this.requests}`, lifeMs: this.lifeMs });
  }
}

Deno.test("AccessTokens.get() asks once, however many want a token at the same time", async () => {
  const { tokens, ...endpoint } = new Endpoint();
  assert.deepEqual(await Promise.all([tokens.get(), tokens.get()]), ["token 1", "token 1"]);
  tokens.stop();
  assert.deepEqual(endpoint.told, []);
});

Deno.test("AccessTokens renews a token well before its end, without anybody asking", async () => {
  const endpoint = new Endpoint();
  const { clock, tokens } = endpoint;
  await tokens.get();
  await clock.advance(0.59 * LIFE_MS);
  assert.equal(endpoint.requests, 1);
  await clock.advance(0.11 * LIFE_MS);
  assert.equal(endpoint.requests, 2);
  assert.equal(await tokens.get(), "token 2");
  tokens.stop();
});

Deno.test("AccessTokens uses the old token to its end while the endpoint is away, and not longer", async () => {
  const endpoint = new Endpoint();
  const { clock, tokens } = endpoint;
  await tokens.get();
  endpoint.away = true;
  await clock.advance(0.94 * LIFE_MS);
  assert.equal(await tokens.get(), "token 1");
  const tries = endpoint.requests - 1;
  assert.ok(tries >= 4 && tries <= 12, `${tries} tries in 30 s`);
  await clock.advance(0.07 * LIFE_MS);
  await assert.rejects(tokens.get(), /away/);
  endpoint.away = false;
  await clock.advance(10_000);
  assert.match(await tokens.get(), /^token /);
  assert.match(endpoint.told.at(-1) ?? "", /^issued again after /);
  tokens.stop();
});

Deno.test("AccessTokens.get() fails at once while the next try has to wait", async () => {
  const endpoint = new Endpoint();
  endpoint.away = true;
  for (const _ of "12345") await assert.rejects(endpoint.tokens.get(), /away/);
  assert.equal(endpoint.requests, 1);
  assert.deepEqual(endpoint.told, ["failed 1"]);
});

Deno.test("AccessTokens.refused() brings another token, a moment later", async () => {
  const endpoint = new Endpoint();
  const { clock, tokens } = endpoint;
  const error = new CredentialsRefusedError("expired", { by: "broker" });
  tokens.refused(await tokens.get(), error);
  await assert.rejects(tokens.get(), error);
  assert.equal(endpoint.requests, 1);
  await clock.advance(2_000);
  assert.equal(await tokens.get(), "token 2");
  tokens.refused("token 1", error); // an answer to the one before
  assert.equal(await tokens.get(), "token 2");
  tokens.stop();
});

Deno.test("AccessTokens renews by a guess where nobody says how long a token lives", async () => {
  const endpoint = new Endpoint();
  endpoint.lifeMs = null;
  await endpoint.tokens.get();
  await endpoint.clock.advance(300_000);
  assert.equal(endpoint.requests, 2);
  endpoint.tokens.stop();
});

Deno.test("AccessTokens.stop() ends the renewals", async () => {
  const endpoint = new Endpoint();
  await endpoint.tokens.get();
  endpoint.tokens.stop();
  await endpoint.clock.advance(10 * LIFE_MS);
  assert.equal(endpoint.requests, 1);
});
