/** Users of SCRAM-SHA-512 for tests, by an AlterUserScramCredentials request of our own. */
import type { Buffer } from "node:buffer";
import { pbkdf2Sync, randomBytes } from "node:crypto";
import type { Caller } from "../../src/kafka/connections.ts";
import { errorCodeText } from "../../src/kafka/error_codes.ts";
import type { Encoder } from "../../src/kafka/kafkajs.ts";
import { type ApiRequest, type BrokerAddress, ownRequest } from "../../src/kafka/protocol.ts";

/** A user and the password that it has from now on. */
export interface ScramUser {
  readonly name: string;
  readonly password: string;
}

/** Code of org.apache.kafka.clients.admin.ScramMechanism. */
const SCRAM_SHA_512 = 2;
const ITERATIONS = 4_096;
const HASH_BYTES = 64;
const DEADLINE_MS = 10_000;

/** Makes the user, or changes its password. Takes effect a moment after the answer. */
export async function setPassword(
  user: ScramUser,
  { caller, to }: { readonly caller: Caller; readonly to: BrokerAddress },
): Promise<void> {
  const request = alterUserScramCredentials(user);
  const codes = await caller.call({ to, purpose: "metadata", request, deadlineMs: DEADLINE_MS });
  const refused = codes.find((code) => code !== 0);
  if (refused !== undefined) throw new Error(`Cannot set password: ${errorCodeText(refused)}`);
}

/** A flexible request: headers end with tagged fields of their own, which the body's writer has to write. */
function alterUserScramCredentials({ name, password }: ScramUser): ApiRequest<readonly number[]> {
  const salt = randomBytes(32);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, HASH_BYTES, "sha512");
  return ownRequest("AlterUserScramCredentials", 51, [0, 0], {
    encode(encoder) {
      encoder.writeUVarInt(0); // tagged fields of the header
      encoder.writeUVarInt(1); // no deletions
      encoder.writeUVarInt(2); // one change
      encoder.writeUVarIntString(name).writeInt8(SCRAM_SHA_512).writeInt32(ITERATIONS);
      writeCompactBytes(encoder, salt);
      writeCompactBytes(encoder, salted);
      encoder.writeUVarInt(0).writeUVarInt(0);
    },
    decode(decoder) {
      decoder.readTaggedFields(); // of the header
      decoder.readInt32(); // throttle time
      return decoder.readUVarIntArray(() => {
        decoder.readUVarIntString(); // the user
        const errorCode = decoder.readInt16();
        decoder.readUVarIntString(); // its text
        decoder.readTaggedFields();
        return errorCode;
      });
    },
  });
}

function writeCompactBytes(encoder: Encoder, bytes: Buffer): void {
  encoder.writeUVarInt(bytes.length + 1);
  for (let at = 0; at < bytes.length; at += 1) encoder.writeInt8(bytes.readInt8(at));
}
