/** What workers of the service as a peer are started with. Each tells what it has handled, for the main thread to add up. */
import { addTo, EMPTY_TALLY } from "../../data/tally.ts";
import { handler } from "../../../src/processing/handler.ts";
import { runWorker } from "../../../src/workers/pipeline.ts";
import { TALLIES, type WorkerTally } from "./peer_report.ts";

/** A small part of what a run takes. */
const TELL_EVERY_MS = 5;

count(globalThis.name);

function count(worker: string): void {
  const tally = { ...EMPTY_TALLY };
  const channel = new BroadcastChannel(TALLIES);
  let told = 0;
  setInterval(() => {
    if (tally.handled === told) return;
    told = tally.handled;
    const news: WorkerTally = { worker, tally: { ...tally } };
    channel.postMessage(news);
  }, TELL_EVERY_MS);
  const counting = handler({
    reads: ["event_id", "event_type", "user_id"],
    handle: (event) => addTo(tally, event),
  });
  runWorker(() => ({ byType: {}, default: counting }));
}
