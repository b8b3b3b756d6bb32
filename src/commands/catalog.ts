/** The commands with all that help and the command line need to know of them; cli.ts says who runs them. */
import { boolean } from "../config/values.ts";
import type { FlagValues, OwnFlags } from "./command.ts";

export interface CommandSpec {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What it does, in a few sentences. */
  readonly description: string;
  readonly ownFlags: OwnFlags;
  /** Which settings it takes as flags. */
  readonly settings: "all" | "http";
  readonly examples: readonly { readonly line: string; readonly does: string }[];
}

export const HEALTHCHECK_FLAGS = {
  ready: {
    type: boolean(),
    default: "false",
    doc: "Ask whether it consumes, not only whether it is alive",
  },
} as const;

export type HealthcheckFlags = FlagValues<typeof HEALTHCHECK_FLAGS>;

export const COMMANDS = {
  run: {
    name: "run",
    summary: "Consume the topic until SIGTERM or SIGINT (the default)",
    description:
      "Joins the consumer group, validates each event, hands it to its handler, and commits its offset " +
      "only after that. What cannot be processed goes to the dead-letter topic with the reason. SIGTERM " +
      "drains what is in flight, commits and leaves the group; a second signal exits at once.",
    ownFlags: {},
    settings: "all",
    examples: [
      { line: "--kafka-brokers kafka-1:9092,kafka-2:9092", does: "consume from a cluster" },
      {
        line: "--read-from-beginning --kafka-group-id trial",
        does: "read all there is, as a group of its own",
      },
    ],
  },
  config: {
    name: "config",
    summary: "Print each setting, its value and where it comes from",
    description:
      "Prints every setting with its value and origin, secrets masked, and the variables under our " +
      "prefixes that nobody reads. Settings that cannot work are listed, all at once, with exit code 78.",
    ownFlags: {},
    settings: "all",
    examples: [{ line: "config", does: "what would `run` use here?" }],
  },
  healthcheck: {
    name: "healthcheck",
    summary: "Ask a running service on this machine whether it is well",
    description:
      "Asks /livez of HTTP_HOST and HTTP_PORT, and exits with 0 when the service is alive, else with 1. " +
      "Kafka being away does not count: a restart would not bring it back.",
    ownFlags: HEALTHCHECK_FLAGS,
    settings: "http",
    examples: [
      { line: "healthcheck", does: "for the HEALTHCHECK of a container" },
      { line: "healthcheck --ready", does: "does it consume?" },
    ],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;

export type CommandName = keyof typeof COMMANDS;

export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];
