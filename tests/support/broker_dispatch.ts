/** Requests to a cluster without sockets: through the bytes and the interceptors, as on a connection. */
import { Buffer } from "node:buffer";
import type { Cluster } from "../../src/broker/cluster.ts";
import { type Interceptor, Interceptors } from "../../src/broker/interceptor.ts";
import { dispatch, type Dispatched } from "../../src/broker/node/dispatch.ts";
import type { Api } from "../../src/broker/requests/api.ts";
import { WireReader } from "../../src/broker/wire/reader.ts";
import { WireWriter } from "../../src/broker/wire/writer.ts";

/** One request and its version. */
export interface Question<Request, Answer> {
  readonly api: Api<string, Request, Answer>;
  readonly version: number;
  readonly body: Request;
}

const CORRELATION_ID = 77;
/** Length and correlation id. */
const ANSWER_HEAD_BYTES = 8;

/** One connection to one node of a cluster. */
export class BrokerDispatch {
  readonly interceptors = new Interceptors();
  readonly #cluster: Cluster;
  readonly #closed = new AbortController();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  intercept(interceptor: Interceptor): () => void {
    return this.interceptors.add(interceptor);
  }

  /** The client goes away. */
  close(): void {
    this.#closed.abort();
  }

  /** What the connection would do: bytes to send, or an end. */
  async send<Request, Answer>(
    { api, version, body }: Question<Request, Answer>,
    on: { readonly nodeId?: number; readonly connectionId?: number } = {},
  ): Promise<Dispatched> {
    const writer = new WireWriter({ flexible: false });
    writer.int16(api.key);
    writer.int16(version);
    writer.int32(CORRELATION_ID);
    writer.plainString("test");
    writer.flexible = version >= api.flexibleFrom;
    if (writer.flexible) writer.noTags();
    api.request.write(writer, body, version);
    return await dispatch(Buffer.concat(writer.chunks()), {
      cluster: this.#cluster,
      interceptors: this.interceptors,
      nodeId: on.nodeId ?? 0,
      connectionId: on.connectionId ?? 0,
      host: "/127.0.0.1",
      closed: this.#closed.signal,
    });
  }

  /** The decoded answer. Throws when there is none. */
  async ask<Request, Answer>(
    question: Question<Request, Answer>,
    on: { readonly nodeId?: number; readonly connectionId?: number } = {},
  ): Promise<Answer> {
    const dispatched = await this.send(question, on);
    if (dispatched.kind !== "answer") throw new Error(`No answer but ${dispatched.kind}`);
    const { api, version } = question;
    const bytes = Buffer.concat(dispatched.chunks).subarray(ANSWER_HEAD_BYTES);
    const reader = new WireReader(bytes, { flexible: version >= api.flexibleFrom });
    if (reader.flexible) reader.skipTags();
    return api.answer.read(reader, version);
  }
}
