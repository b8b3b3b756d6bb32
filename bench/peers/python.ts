/** Peers in Python. */
import { pythonPackages } from "./installs.ts";
import type { Peer, PeerCommand } from "./peer.ts";

/** All of them. */
export const PYTHON_PEERS: readonly Peer[] = [
  {
    name: "confluent-json",
    title: "confluent-kafka Python + json",
    decodes: "whole event",
    validates: "nothing",
    isAtRate: true,
    prepare: () => inPython("confluent.py", "json"),
  },
  {
    name: "confluent-orjson",
    title: "confluent-kafka Python + orjson",
    decodes: "whole event",
    validates: "nothing",
    prepare: () => inPython("confluent.py", "orjson"),
  },
  {
    name: "confluent-msgspec",
    title: "confluent-kafka Python + msgspec",
    decodes: "whole event",
    validates: "types, times",
    isOnEachSet: true,
    isAtRate: true,
    prepare: () => inPython("confluent.py", "msgspec"),
  },
  {
    name: "confluent-msgspec-tuned",
    title: "confluent-kafka Python + msgspec, tuned",
    decodes: "whole event",
    validates: "types, times",
    prepare: () => inPython("confluent.py", "msgspec", { BENCH_TUNED: "1" }),
  },
  {
    name: "confluent-msgspec-fields",
    title: "confluent-kafka Python + msgspec, 3 fields",
    decodes: "3 fields",
    validates: "types of these 3",
    prepare: () => inPython("confluent.py", "msgspec_fields"),
  },
  {
    name: "confluent-pydantic",
    title: "confluent-kafka Python + pydantic",
    decodes: "whole event",
    validates: "types, times, URL",
    prepare: () => inPython("confluent.py", "pydantic"),
  },
  {
    name: "aiokafka-orjson",
    title: "aiokafka + orjson",
    decodes: "whole event",
    validates: "nothing",
    prepare: () => inPython("aio.py", "orjson"),
  },
  {
    name: "aiokafka-msgspec",
    title: "aiokafka + msgspec",
    decodes: "whole event",
    validates: "types, times",
    prepare: () => inPython("aio.py", "msgspec"),
  },
];

async function inPython(
  script: string,
  decoder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<PeerCommand> {
  const { python, packages } = await pythonPackages();
  const path = new URL(`./python/${script}`, import.meta.url).pathname;
  return {
    command: [python, "-B", path],
    env: { PYTHONPATH: packages, BENCH_DECODER: decoder, ...env },
  };
}
