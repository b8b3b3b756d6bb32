/** Only a broker's own word is a refusal of our credentials: whatever cuts an authentication short may pass. */
import assert from "node:assert/strict";
import { AuthenticationError } from "../../src/kafka/authentication.ts";
import { ConnectionError, Connections, DeadlineError } from "../../src/kafka/connections.ts";
import { diagnose } from "../../src/kafka/diagnosis.ts";
import { findCoordinator } from "../../src/kafka/protocol.ts";
import { systemClock } from "../../src/ops/system_clock.ts";
import { kafkajsLogger } from "../../src/kafka/client.ts";
import { RecordingLogger } from "../support/recording_logger.ts";
import { type OnCredentials, SaslBroker } from "../support/sasl_broker.ts";

const CONTEXT = { tls: false, sasl: "plain" } as const;

const LOST: Readonly<Record<string, { readonly by: OnCredentials; readonly error: unknown }>> = {
  "the broker ends the connection": { by: (socket) => socket.end(), error: ConnectionError },
  "the connection is reset": { by: (socket) => socket.resetAndDestroy(), error: ConnectionError },
  "the broker does not answer": { by: () => {}, error: DeadlineError },
};

for (const [what, { by, error: expected }] of Object.entries(LOST)) {
  Deno.test(`Connections.call() sees no refusal of the credentials when ${what} meanwhile`, async () => {
    const error = await failureOf(by);
    assert.equal(error.constructor, expected, String(error));
    assert.equal(diagnose(error, CONTEXT).exitCode, null);
  });
}

Deno.test("Connections.call() says that the broker refused the credentials, in its words", async () => {
  const error = await failureOf((_, { refuse }) => refuse("Account is locked"));
  assert.ok(error instanceof AuthenticationError, String(error));
  assert.match(error.message, /refused the credentials: .*Account is locked/);
  assert.equal(diagnose(error, CONTEXT).exitCode, 77);
});

/** What a call throws when this becomes of the credentials. */
async function failureOf(onCredentials: OnCredentials): Promise<Error> {
  await using broker = await SaslBroker.start(onCredentials);
  const connections = new Connections({
    clientId: "test",
    ssl: null,
    sasl: { mechanism: "plain", username: "alice", password: "secret" },
    connectionTimeoutMs: 300,
    requestTimeoutMs: 300,
    clock: systemClock,
    kafkajsLogger: kafkajsLogger(new RecordingLogger()),
  });
  const request = findCoordinator("group");
  try {
    const call = connections.call({
      to: broker.address,
      purpose: "metadata",
      request,
      deadlineMs: 1_000,
    });
    return await call.then(() => assert.fail("the call succeeded"), (error) => error);
  } finally {
    connections.close();
  }
}
