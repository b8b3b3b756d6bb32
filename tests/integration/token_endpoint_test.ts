/** A token endpoint over HTTP as it can be: right, refusing, away, silent, of an unknown authority, talkative. */
import assert from "node:assert/strict";
import { CredentialsRefusedError, NoCredentialsError } from "../../src/kafka/authentication.ts";
import { requestToken, type TokenEndpointOptions } from "../../src/kafka/token_endpoint.ts";
import { systemClock } from "../../src/ops/system_clock.ts";
import { makeCertificates } from "../support/certificates.ts";
import { succeeds } from "../support/command.ts";
import { testIfPossible } from "../support/test_if_possible.ts";
import {
  TokenEndpoint,
  type TokenEndpointSettings,
  unsecuredToken,
} from "../support/token_endpoint.ts";

const NAME = "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL";
const OPENSSL_DEADLINE_MS = 5_000;
const DEADLINE_MS = 2_000;
const noOpenssl = await succeeds(["openssl", "version"], OPENSSL_DEADLINE_MS) ? null : "no openssl";

function optionsOf(url: string): TokenEndpointOptions {
  return {
    url,
    clientId: "service:one",
    clientSecret: () => "a+b c",
    scope: null,
    urlEncodeHeader: false,
    ca: () => null,
    deadlineMs: DEADLINE_MS,
    clock: systemClock,
  };
}

Deno.test("requestToken() shows client id and secret, and asks for the scope", async () => {
  await using endpoint = TokenEndpoint.start({ lifeSeconds: 60 });
  const { lifeMs } = await requestToken(optionsOf(endpoint.url));
  assert.equal(lifeMs, 60_000);
  await requestToken({ ...optionsOf(endpoint.url), scope: "a b", urlEncodeHeader: true });
  const [plain, encoded] = endpoint.requests;
  assert.equal(plain?.authorization, `Basic ${btoa("service:one:a+b c")}`);
  assert.equal(plain?.body, "grant_type=client_credentials");
  assert.equal(encoded?.authorization, `Basic ${btoa("service%3Aone:a%2Bb%20c")}`);
  assert.equal(encoded?.body, "grant_type=client_credentials&scope=a+b");
});

Deno.test("requestToken() reads the life of a token from itself where the endpoint is silent", async () => {
  const access_token = unsecuredToken({ sub: "alice", lifeSeconds: 100 });
  await using endpoint = TokenEndpoint.start({ answer: () => Response.json({ access_token }) });
  const { lifeMs } = await requestToken(optionsOf(endpoint.url));
  assert.ok(lifeMs !== null && lifeMs > 90_000 && lifeMs <= 100_000, `${lifeMs}`);
});

Deno.test("requestToken() does not know the life of a token that is no JWT", async () => {
  await using endpoint = TokenEndpoint.start({
    answer: () => Response.json({ access_token: "opaque" }),
  });
  assert.deepEqual(await requestToken(optionsOf(endpoint.url)), { token: "opaque", lifeMs: null });
});

const REFUSED = JSON.stringify({ error: "invalid_client", error_description: "unknown\nclient" });
const FAILURES: readonly {
  readonly when: string;
  readonly answer: NonNullable<TokenEndpointSettings["answer"]>;
  readonly error: unknown;
  readonly says: string;
}[] = [
  {
    when: "it refuses the client",
    answer: () => new Response(REFUSED, { status: 401 }),
    error: CredentialsRefusedError,
    says: "it answered 401: invalid_client: unknown client",
  },
  {
    when: "the path is wrong",
    answer: () => new Response("<h1>Not found</h1>", { status: 404 }),
    error: NoCredentialsError,
    says: "it answered 404",
  },
  {
    when: "it is overloaded",
    answer: () => new Response(null, { status: 503 }),
    error: NoCredentialsError,
    says: "it answered 503",
  },
  {
    when: "it sends us elsewhere, with the secret",
    answer: () => Response.redirect("http://127.0.0.1:1/", 307),
    error: NoCredentialsError,
    says: "it answered 307",
  },
  {
    when: "its answer is no JSON",
    answer: () => new Response("welcome"),
    error: NoCredentialsError,
    says: "its answer has no access_token",
  },
  {
    when: "its answer does not end",
    answer: () => new Response("x".repeat(300_000)),
    error: NoCredentialsError,
    says: "its answer is over 262144 bytes",
  },
  {
    when: "its token is an old one",
    answer: () =>
      Response.json({ access_token: unsecuredToken({ sub: "alice", lifeSeconds: -1 }) }),
    error: NoCredentialsError,
    says: "its token has expired already: check the clocks, here and there",
  },
];

for (const { when, answer, error: expected, says } of FAILURES) {
  Deno.test(`requestToken() names the setting and what is wrong when ${when}`, async () => {
    await using endpoint = TokenEndpoint.start({ answer });
    const error = await failureOf(optionsOf(endpoint.url));
    assert.equal(error.constructor, expected, String(error));
    assert.equal(error.message, `Cannot get a token from ${NAME} (${endpoint.url}): ${says}`);
  });
}

Deno.test("requestToken() does not wait for ever", async () => {
  const { promise: silence, resolve: end } = Promise.withResolvers<Response>();
  await using endpoint = TokenEndpoint.start({ answer: () => silence });
  const error = await failureOf({ ...optionsOf(endpoint.url), deadlineMs: 100 });
  assert.ok(error instanceof NoCredentialsError);
  assert.match(error.message, /it did not answer in 100 ms$/);
  end(new Response());
});

Deno.test("requestToken() says when nothing listens, or the secret cannot be read", async () => {
  const away = await failureOf(optionsOf("http://127.0.0.1:1/token"));
  assert.ok(away instanceof NoCredentialsError && away.message.includes(NAME), String(away));
  const clientSecret = () => {
    throw new NoCredentialsError("CLIENT_SECRET_FILE: cannot read it");
  };
  const unreadable = await failureOf({ ...optionsOf("http://127.0.0.1:1/token"), clientSecret });
  assert.ok(unreadable instanceof NoCredentialsError);
  assert.match(unreadable.message, /CLIENT_SECRET_FILE: cannot read it$/);
});

testIfPossible("requestToken() trusts the given authority, and no other", noOpenssl, async () => {
  const directory = await Deno.makeTempDir({ prefix: "token-endpoint-" });
  try {
    const { ca, strangerCa, server } = await makeCertificates(directory);
    await using endpoint = TokenEndpoint.start({ tls: server });
    const options = optionsOf(endpoint.url);
    assert.match((await requestToken({ ...options, ca: () => ca })).token, /\./);
    for (const other of [strangerCa, null]) {
      const error = await failureOf({ ...options, ca: () => other });
      assert.ok(error instanceof NoCredentialsError, String(error));
      assert.match(error.message, /certificate/);
    }
    assert.equal(endpoint.requests.length, 1);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

async function failureOf(options: TokenEndpointOptions): Promise<Error> {
  return await requestToken(options).then(() => assert.fail("there is a token"), (error) => error);
}
