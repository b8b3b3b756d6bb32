import assert from "node:assert/strict";
import { ERROR } from "../../../../src/broker/error_codes.ts";
import { Producers } from "../../../../src/broker/log/producers.ts";
import { type BatchHead, readBatchHead } from "../../../../src/broker/log/record_batch.ts";
import { sequencedBatch } from "../../../support/broker_fixture.ts";

async function head(
  sequence: number,
  options: { readonly producerId?: bigint; readonly epoch?: number; readonly count?: number } = {},
): Promise<BatchHead> {
  const { producerId = 1n, epoch = 0, count = 1 } = options;
  const records = Array.from({ length: count }, () => ({ value: "v" }));
  return readBatchHead(await sequencedBatch({ producerId, epoch, sequence, records }));
}

Deno.test("Producers.check() takes sequences that follow each other and answers a repeated one", async () => {
  const producers = new Producers();
  producers.remember(await head(0, { count: 3 }), 100);
  producers.remember(await head(3), 103);
  assert.equal(producers.check(await head(4)).kind, "append");
  assert.deepEqual(producers.check(await head(0, { count: 3 })), {
    kind: "duplicate",
    baseOffset: 100,
  });
});

Deno.test("Producers.check() refuses a gap, and a batch older than the five it remembers", async () => {
  const producers = new Producers();
  for (let sequence = 0; sequence < 6; sequence++) {
    producers.remember(await head(sequence), sequence);
  }
  const refused = { kind: "refuse", errorCode: ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER };
  assert.deepEqual(producers.check(await head(7)), refused);
  assert.deepEqual(producers.check(await head(0)), refused);
  assert.equal(producers.check(await head(1)).kind, "duplicate");
});

Deno.test("Producers.check() refuses an older epoch; a newer one starts at 0", async () => {
  const producers = new Producers();
  producers.remember(await head(5, { epoch: 3 }), 0);
  const older = producers.check(await head(6, { epoch: 2 }));
  assert.deepEqual(older, { kind: "refuse", errorCode: ERROR.INVALID_PRODUCER_EPOCH });
  assert.equal(producers.check(await head(6, { epoch: 4 })).kind, "refuse");
  assert.equal(producers.check(await head(0, { epoch: 4 })).kind, "append");
});

Deno.test("Producers.check() lets sequences wrap around", async () => {
  const producers = new Producers();
  producers.remember(await head(2 ** 31 - 2, { count: 2 }), 0);
  assert.equal(producers.check(await head(0)).kind, "append");
});

Deno.test("Producers forgets the one unheard of for longest", async () => {
  const producers = new Producers();
  for (let id = 1n; id <= 1001n; id++) {
    producers.remember(await head(0, { producerId: id }), Number(id));
  }
  assert.equal(producers.check(await head(9, { producerId: 1n })).kind, "append");
  assert.equal(producers.check(await head(9, { producerId: 2n })).kind, "refuse");
});

Deno.test("Producers does not look at producers without idempotence", async () => {
  const producers = new Producers();
  const plain = await head(-1, { producerId: -1n, epoch: -1 });
  producers.remember(plain, 0);
  assert.equal(producers.check(plain).kind, "append");
});
