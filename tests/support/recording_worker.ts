/** What workers of recording_service.ts are started with: all write to the same record. */
import { runWorker } from "../../src/workers/pipeline.ts";
import { recordingHandler } from "./recording_handler.ts";

const [path = "", planText = "{}"] = Deno.args;
const handle = recordingHandler(path, JSON.parse(planText));
runWorker(() => ({ byType: {}, default: handle }));
