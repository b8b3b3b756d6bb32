import assert from "node:assert/strict";
import { EVERY_LETTER } from "../../../src/dead_letters/filter.ts";
import { type Progress, readLetters } from "../../../src/dead_letters/reading.ts";
import { Settled } from "../../../src/dead_letters/settled.ts";
import type { LogPage, LogStretch } from "../../../src/kafka/log_reader.ts";

/** Two partitions of these bounds, in pages of three messages. */
function reader(bounds: readonly { readonly start: number; readonly end: number }[]) {
  const asked: LogStretch[] = [];
  return {
    asked,
    stretches: () =>
      Promise.resolve(bounds.map((each, partition) => ({ topic: "t", partition, ...each }))),
    async *pages(stretch: LogStretch, signal?: AbortSignal): AsyncGenerator<LogPage, void> {
      asked.push(stretch);
      for (let at = stretch.start; at < stretch.end && !signal?.aborted; at += 3) {
        const next = Math.min(at + 3, stretch.end);
        const offsets = Array.from({ length: next - at }, (_, i) => at + i);
        const { topic, partition } = stretch;
        await Promise.resolve();
        yield {
          topic,
          partition,
          next,
          unreadable: null,
          messages: offsets.map((offset) => ({
            topic,
            partition,
            offset,
            timestamp: offset,
            key: null,
            value: null,
            headers: [],
            leaderEpoch: -1,
          })),
        };
      }
    },
  };
}

function settledBelow(offset: number): Settled {
  const committed = {
    topic: "t",
    partition: 0,
    offset,
    leaderEpoch: -1,
    metadata: null,
    errorCode: 0,
  };
  return new Settled([committed], { topicId: () => null });
}

async function readAll(options: Parameters<typeof readLetters>[0]) {
  const reading = readLetters(options);
  const places: string[] = [];
  for (;;) {
    const page = await reading.next();
    if (page.done) return { places, report: page.value };
    for (const { place } of page.value) places.push(`${place.partition}/${place.offset}`);
  }
}

Deno.test("readLetters() reads all partitions from where something is left to deal with", async () => {
  const log = reader([{ start: 0, end: 7 }, { start: 4, end: 6 }]);
  const progress: Progress[] = [];
  const { places, report } = await readAll({
    reader: log,
    partitions: [],
    settled: settledBelow(5),
    filter: EVERY_LETTER,
    onProgress: (each) => progress.push(each),
  });
  assert.deepEqual(places, ["0/5", "0/6", "1/4", "1/5"]);
  assert.deepEqual(report, { settled: 5, filtered: 0, unreadable: [], isComplete: true });
  assert.deepEqual(log.asked.map(({ start }) => start), [5, 4]);
  assert.deepEqual(progress, [{ done: 2, all: 4 }, { done: 4, all: 4 }]);
});

Deno.test("readLetters() believes no commit that the log does not reach", async () => {
  const { places } = await readAll({
    reader: reader([{ start: 0, end: 2 }]),
    partitions: [],
    settled: settledBelow(9),
    filter: EVERY_LETTER,
  });
  assert.deepEqual(places, ["0/0", "0/1"]);
});

Deno.test("readLetters() counts what the filter leaves out, and stops at the signal", async () => {
  const stop = new AbortController();
  const filter = { ...EVERY_LETTER, since: 2 };
  const log = reader([{ start: 0, end: 9 }]);
  const first = await readAll({ reader: log, partitions: [], settled: settledBelow(0), filter });
  assert.deepEqual([first.places.length, first.report.filtered], [7, 2]);
  const { places, report } = await readAll({
    reader: log,
    partitions: [],
    settled: settledBelow(0),
    filter: EVERY_LETTER,
    signal: stop.signal,
    onProgress: () => stop.abort(),
  });
  assert.deepEqual([places.length, report.isComplete], [3, false]);
});
