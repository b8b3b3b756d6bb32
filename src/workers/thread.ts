/** The module that a worker is started with, once for each. */
import { createHandlers } from "../handlers/mod.ts";
import { runWorker } from "./pipeline.ts";

runWorker(createHandlers);
