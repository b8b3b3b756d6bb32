/** All peers, in the order in which they are run. README.md says how to add one. */
import { JAVASCRIPT_PEERS } from "./javascript.ts";
import { NATIVE_PEERS } from "./native.ts";
import type { Peer } from "./peer.ts";
import { PYTHON_PEERS } from "./python.ts";
import { SERVICE_PEERS } from "./service.ts";

export const PEERS: readonly Peer[] = [
  ...SERVICE_PEERS,
  ...JAVASCRIPT_PEERS,
  ...PYTHON_PEERS,
  ...NATIVE_PEERS,
];
