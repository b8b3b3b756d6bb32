import assert from "node:assert/strict";
import { type HandshakeOptions, outOfDateCertificate } from "../../../src/kafka/certificate.ts";
import { ConnectionError } from "../../../src/kafka/connections.ts";

const EXPIRED = "invalid peer certificate: certificate expired: not valid after 1738368000";

/** Looks at `broker` with a handshake that fails as told, and answers what was asked for, too. */
async function look(
  failure: string | null,
  facts: { readonly broker?: string; readonly code?: string; readonly servername?: string } = {},
): Promise<{ found: string | null; asked: readonly HandshakeOptions[] }> {
  const { broker = "kafka:9093", code = "UNABLE_TO_VERIFY_LEAF_SIGNATURE" } = facts;
  const asked: HandshakeOptions[] = [];
  const found = await outOfDateCertificate(new ConnectionError("failed", { broker, code }), {
    ca: "a certificate",
    servername: facts.servername ?? null,
    deadlineMs: 1_000,
    shakeHands(options) {
      asked.push(options);
      return failure === null ? Promise.resolve() : Promise.reject(new Error(failure));
    },
  });
  return { found, asked };
}

Deno.test("outOfDateCertificate() answers the runtime's words about a wrong time", async () => {
  assert.equal((await look(EXPIRED)).found, EXPIRED);
  const early = "invalid peer certificate: certificate not valid yet: not valid before 1";
  assert.equal((await look(early)).found, early);
});

Deno.test("outOfDateCertificate() answers null for any other failure, and for none", async () => {
  for (const failure of ["invalid peer certificate: UnknownIssuer", "connection reset", null]) {
    assert.equal((await look(failure)).found, null);
  }
});

Deno.test("outOfDateCertificate() takes no second look at other errors", async () => {
  const { asked } = await look(EXPIRED, { code: "ECONNREFUSED" });
  assert.equal(asked.length, 0);
  const options = { ca: null, servername: null, deadlineMs: 1_000 };
  assert.equal(await outOfDateCertificate(new Error("other"), options), null);
  assert.equal(await outOfDateCertificate(undefined, options), null);
});

Deno.test("outOfDateCertificate() asks the broker's address for the name that is wanted", async () => {
  const plain = await look(null, { broker: "kafka:9093" });
  assert.equal(plain.asked[0]?.host, "kafka");
  assert.equal(plain.asked[0]?.port, 9093);
  assert.equal(plain.asked[0]?.servername, "kafka");
  assert.equal(plain.asked[0]?.ca, "a certificate");
  const ipv6 = await look(null, { broker: "[::1]:9094", servername: "kafka.example" });
  assert.equal(ipv6.asked[0]?.host, "::1");
  assert.equal(ipv6.asked[0]?.port, 9094);
  assert.equal(ipv6.asked[0]?.servername, "kafka.example");
});
