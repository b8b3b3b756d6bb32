/** Access control lists for tests, by CreateAcls and DeleteAcls requests of our own. */
import type { Caller } from "../../src/kafka/connections.ts";
import { errorCodeText } from "../../src/kafka/error_codes.ts";
import type { Encoder } from "../../src/kafka/kafkajs.ts";
import { type ApiRequest, type BrokerAddress, ownRequest } from "../../src/kafka/protocol.ts";

/** What somebody may do. */
export interface Acl {
  /** `User:alice`. */
  readonly principal: string;
  readonly resource: "topic" | "group" | "cluster";
  /** The name, or `*` for all of its kind. */
  readonly name: string;
  readonly operation: "all" | "read" | "write" | "create" | "describe";
}

/** Codes of org.apache.kafka.common.acl and .resource. */
const RESOURCE = { topic: 2, group: 3, cluster: 4 } as const;
const OPERATION = { all: 2, read: 3, write: 4, create: 5, describe: 8 } as const;
const LITERAL = 3;
const ALLOW = 3;
const DEADLINE_MS = 10_000;

/** Where to ask. */
interface AskedBroker {
  readonly caller: Caller;
  readonly to: BrokerAddress;
}

/** Allows all of them. Takes effect a moment after the answer. */
export async function allow(acls: readonly Acl[], { caller, to }: AskedBroker): Promise<void> {
  const request = createAcls(acls);
  const codes = await caller.call({ to, purpose: "metadata", request, deadlineMs: DEADLINE_MS });
  const refused = codes.find((code) => code !== 0);
  if (refused !== undefined) throw new Error(`Cannot create ACLs: ${errorCodeText(refused)}`);
}

/** Takes back what was allowed by exactly that. Takes effect a moment after the answer. */
export async function forbid(acl: Acl, { caller, to }: AskedBroker): Promise<void> {
  const request = deleteAcl(acl);
  const found = await caller.call({ to, purpose: "metadata", request, deadlineMs: DEADLINE_MS });
  if (found.errorCode !== 0) throw new Error(`Cannot delete: ${errorCodeText(found.errorCode)}`);
  if (found.deleted !== 1) throw new Error(`Nothing to delete: ${JSON.stringify(acl)}`);
}

/** What a kafka-acls.sh command would allow; nothing of any other command. */
export function aclsOf(command: string): readonly Acl[] {
  if (!command.startsWith("kafka-acls.sh")) return [];
  const principal = /--allow-principal '([^']+)'/.exec(command)?.[1] ?? "";
  const [, kind = "", name = ""] = /--(topic|group) '([^']+)'/.exec(command) ?? [];
  const operations = [...command.matchAll(/--operation (\w+)/g)].map(([, each = ""]) => each);
  return operations.map((operation) => ({
    principal,
    resource: kind as Acl["resource"],
    name,
    operation: operation.toLowerCase() as Acl["operation"],
  }));
}

function createAcls(acls: readonly Acl[]): ApiRequest<readonly number[]> {
  return ownRequest("CreateAcls", 30, [1, 1], {
    encode(encoder) {
      encoder.writeInt32(acls.length);
      for (const acl of acls) writeAcl(encoder, acl);
    },
    decode(decoder) {
      decoder.readInt32(); // throttle time
      return decoder.readArray(() => {
        const errorCode = decoder.readInt16();
        decoder.readString(); // its text
        return errorCode;
      });
    },
  });
}

/** One filter that fits one entry; the answer names that entry. */
function deleteAcl(acl: Acl): ApiRequest<{ readonly errorCode: number; readonly deleted: number }> {
  return ownRequest("DeleteAcls", 31, [1, 1], {
    encode(encoder) {
      encoder.writeInt32(1);
      writeAcl(encoder, acl);
    },
    decode(decoder) {
      decoder.readInt32(); // throttle time
      decoder.readInt32(); // as many answers as filters: one
      const errorCode = decoder.readInt16();
      decoder.readString(); // its text
      return { errorCode, deleted: decoder.readInt32() };
    },
  });
}

function writeAcl(encoder: Encoder, { principal, resource, name, operation }: Acl): void {
  encoder.writeInt8(RESOURCE[resource]).writeString(name).writeInt8(LITERAL);
  encoder.writeString(principal).writeString("*");
  encoder.writeInt8(OPERATION[operation]).writeInt8(ALLOW);
}
