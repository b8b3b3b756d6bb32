/** A Caller that has no network: it remembers what was asked, and a test says what comes back. */
import type { Call, Caller, Purpose } from "../../src/kafka/connections.ts";
import { newDecoder } from "../../src/kafka/kafkajs.ts";
import type { CommitEntry } from "../../src/kafka/offset_requests.ts";
import type { BrokerAddress } from "../../src/kafka/protocol.ts";

export class RecordingCaller implements Caller {
  readonly calls: Call<unknown>[] = [];
  readonly drops: { readonly to: BrokerAddress; readonly purpose: Purpose }[] = [];
  /** The decoded answer, or a rejection; a test sets it. */
  answer: (call: Call<unknown>) => unknown = () => {
    throw new Error("No answer was prepared");
  };

  async call<Answer>(call: Call<Answer>): Promise<Answer> {
    this.calls.push(call as Call<unknown>);
    return await this.answer(call as Call<unknown>) as Answer;
  }

  drop(to: BrokerAddress, purpose: Purpose): void {
    this.drops.push({ to, purpose });
  }
}

/** What an OffsetCommit 7 says. */
export interface SentCommit {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly entries: readonly CommitEntry[];
}

/** Reads an OffsetCommit from the bytes that would go out. */
export async function readCommit({ request }: Call<unknown>): Promise<SentCommit> {
  const decoder = newDecoder((await request.encode(request.maxVersion).encode()).buffer);
  return {
    groupId: decoder.readString(),
    generationId: decoder.readInt32(),
    memberId: decoder.readString(),
    groupInstanceId: decoder.readString(),
    entries: decoder.readArray(() => {
      const topic = decoder.readString();
      return decoder.readArray(() => ({
        topic,
        partition: decoder.readInt32(),
        offset: Number(decoder.readInt64().toString()),
        leaderEpoch: decoder.readInt32(),
        metadata: decoder.readString(),
      }));
    }).flat(),
  };
}
