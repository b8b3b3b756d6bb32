import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { CredentialsRefusedError, NoCredentialsError } from "../../../src/kafka/authentication.ts";
import type { SaslExchange } from "../../../src/kafka/kafkajs.ts";
import { oauthBearerProvider } from "../../../src/kafka/oauth_bearer.ts";

const TOKEN = "head.claims.";
const CHALLENGE = '{"status":"invalid_token"}';
const SIZE_BYTES = 4;

/** A broker that answers each message in turn, or fails. */
function exchangeOf(answers: readonly (string | Error)[]): SaslExchange & { said: string[] } {
  const said: string[] = [];
  return {
    said,
    async saslAuthenticate({ request, response }) {
      said.push((await request.encode()).subarray(SIZE_BYTES).toString());
      const answer = answers[said.length - 1] ?? "";
      if (answer instanceof Error) throw answer;
      const size = Buffer.alloc(SIZE_BYTES);
      size.writeInt32BE(answer.length);
      return await response.parse(
        await response.decode(Buffer.concat([size, Buffer.from(answer)])),
      );
    },
  };
}

async function authenticate(
  exchange: SaslExchange,
  options: Partial<Parameters<typeof oauthBearerProvider>[0]> = {},
): Promise<void> {
  const provider = oauthBearerProvider({
    token: () => Promise.resolve(TOKEN),
    extensions: [],
    onRefused: () => {},
    ...options,
  });
  await provider(exchange).authenticate();
}

Deno.test("oauthBearerProvider() sends token and extensions as RFC 7628 wants them", async () => {
  const exchange = exchangeOf([""]);
  const extensions = [{ name: "logicalCluster", value: "lkc-1" }, { name: "pool", value: "p=2" }];
  await authenticate(exchange, { extensions });
  assert.deepEqual(exchange.said, [
    `n,,\x01auth=Bearer ${TOKEN}\x01logicalCluster=lkc-1\x01pool=p=2\x01\x01`,
  ]);
});

Deno.test("oauthBearerProvider() takes a challenge for the refusal that it is", async () => {
  const reason = Object.assign(new Error("invalid credentials: expired"), { code: 58 });
  const exchange = exchangeOf([CHALLENGE, reason]);
  const refused: string[] = [];
  const authenticating = authenticate(exchange, { onRefused: (token) => refused.push(token) });
  await assert.rejects(authenticating, (error) => {
    assert.ok(error instanceof CredentialsRefusedError);
    assert.equal(error.message, "invalid credentials: expired");
    return true;
  });
  assert.equal(exchange.said[1], "\x01");
  assert.deepEqual(refused, [TOKEN]);
});

Deno.test("oauthBearerProvider() shows the challenge where the broker gives no reason", async () => {
  for (const second of [new Error("Closed connection"), ""]) {
    const authenticating = authenticate(exchangeOf([CHALLENGE, second]));
    await assert.rejects(authenticating, { message: `the broker answered ${CHALLENGE}` });
  }
});

Deno.test("oauthBearerProvider() lets a lost connection be one", async () => {
  const lost = new Error("Closed connection");
  await assert.rejects(authenticate(exchangeOf([lost])), lost);
});

Deno.test("oauthBearerProvider() sends nothing that could end the field it stands in", async () => {
  for (const token of ["", "a\x01auth=Bearer b", "a b", "a\nb"]) {
    const exchange = exchangeOf([]);
    const authenticating = authenticate(exchange, { token: () => Promise.resolve(token) });
    await assert.rejects(authenticating, NoCredentialsError);
    assert.deepEqual(exchange.said, []);
  }
});
