/**
 * From the bytes of a request to the bytes of its answer: header, version, interceptors, handler. A version that is not
 * spoken ends the connection, as on a real broker; only ApiVersions says so in an answer.
 */
import { Buffer } from "node:buffer";
import type { Cluster } from "../cluster.ts";
import { ERROR } from "../error_codes.ts";
import {
  CUT,
  type InterceptedRequest,
  type Interceptors,
  NO_REPLY,
  type Reply,
} from "../interceptor.ts";
import type { Call } from "../requests/api.ts";
import { type AnyApi, API_VERSIONS, apiByKey } from "../requests/mod.ts";
import { MalformedRequestError, WireReader } from "../wire/reader.ts";
import { WireWriter } from "../wire/writer.ts";

/** The connection on which a request came. */
export interface Caller {
  readonly cluster: Cluster;
  readonly interceptors: Interceptors;
  readonly nodeId: number;
  readonly connectionId: number;
  readonly host: string;
  readonly closed: AbortSignal;
}

/** What to do with the connection: send these bytes, and then perhaps close it; go on without an answer; close it. */
export type Dispatched =
  | { readonly kind: "answer" | "last_words"; readonly chunks: readonly Uint8Array[] }
  | { readonly kind: "none" }
  | { readonly kind: "cut" };

interface Header {
  readonly api: AnyApi;
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: string;
}

/**
 * Serves one request.
 *
 * @throws MalformedRequestError when the request cannot be read
 */
export async function dispatch(frame: Uint8Array, caller: Caller): Promise<Dispatched> {
  const reader = new WireReader(frame, { flexible: false });
  const header = readHeader(reader);
  const { api, version } = header;
  if (version < api.minVersion || version > api.maxVersion) return refuseVersion(header);
  const request = api.request.read(reader, version);
  const call: Call = {
    cluster: caller.cluster,
    nodeId: caller.nodeId,
    version,
    clientId: header.clientId,
    clientHost: caller.host,
    closed: caller.closed,
  };
  const reply = await caller.interceptors.run(
    intercepted(request, header, caller),
    async (body) => replyOf(await api.handle(body, call)),
  );
  if (reply.kind === "none" || reply.kind === "cut") return reply;
  const chunks = encode(header, reply.body);
  if (reply.kind === "answer") return { kind: "answer", chunks };
  return { kind: "last_words", chunks: [Buffer.concat(chunks).subarray(0, reply.bytes)] };
}

function readHeader(reader: WireReader): Header {
  const key = reader.int16();
  const version = reader.int16();
  const correlationId = reader.int32();
  const api = apiByKey(key);
  if (api === undefined) throw new MalformedRequestError(`Ask for an API that is spoken: ${key}`);
  const clientId = reader.plainString() ?? "";
  if (version <= api.maxVersion && version >= api.flexibleFrom) {
    reader.flexible = true;
    reader.skipTags();
  }
  return { api, version, correlationId, clientId };
}

/** So a client learns which version it may ask in: the answer is in version 0, whatever it asked in. */
function refuseVersion(header: Header): Dispatched {
  if (header.api.key !== API_VERSIONS.key) return CUT;
  const body = header.api.refuse({}, ERROR.UNSUPPORTED_VERSION);
  return { kind: "answer", chunks: encode({ ...header, version: 0 }, body) };
}

function intercepted(request: unknown, header: Header, caller: Caller): InterceptedRequest {
  const { api, version, clientId } = header;
  return {
    apiName: api.name,
    version,
    body: request,
    nodeId: caller.nodeId,
    connectionId: caller.connectionId,
    clientId,
    closed: caller.closed,
    refuse: (errorCode) => replyOf(api.refuse(request, errorCode)),
  } as InterceptedRequest;
}

function replyOf(body: unknown): Reply {
  return body === null ? NO_REPLY : { kind: "answer", body };
}

/** The answer with its length and header in front. */
function encode({ api, version, correlationId }: Header, body: unknown): readonly Uint8Array[] {
  const flexible = version >= api.flexibleFrom;
  const content = new WireWriter({ flexible });
  content.int32(correlationId);
  // The header of an ApiVersions answer has no tags in any version: its reader may not know that version.
  if (flexible && api.key !== API_VERSIONS.key) content.noTags();
  api.answer.write(content, body, version);
  const length = new WireWriter({ flexible: false });
  length.int32(content.size);
  return [...length.chunks(), ...content.chunks()];
}
