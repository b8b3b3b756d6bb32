/** The commands with all that help and the command line need to know of them; cli.ts says who runs them. */
import { boolean, decimal, integer, or } from "../config/values.ts";
import type { FlagValues, OwnFlags } from "./command.ts";
import { DEAD_LETTER_COMMANDS, DEAD_LETTERS_DESCRIPTION } from "./dead_letters/specs.ts";

export interface CommandSpec {
  /** One word, or a group and a word: `dead-letters list`. */
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What it does, in a few sentences. */
  readonly description: string;
  readonly ownFlags: OwnFlags;
  /** What stands behind its name, and has to; nothing by default. */
  readonly argument?: CommandArgument;
  /** Which settings it takes as flags. */
  readonly settings: "all" | "http";
  readonly examples: readonly { readonly line: string; readonly does: string }[];
}

/** A word that a command needs. */
export interface CommandArgument {
  readonly placeholder: string;
  /** One sentence, without a period. */
  readonly doc: string;
}

const UINT32_MAX = 4_294_967_295;

export const DEMO_FLAGS = {
  rate: {
    type: decimal({ min: 0.01, max: 100_000 }),
    default: "20",
    doc: "Events a second",
  },
  events: {
    type: or(integer({ min: 1, max: 1_000_000_000 }), { word: "unlimited", meaning: null }),
    default: "unlimited",
    doc: "End after so many events, with a summary",
  },
  invalidShare: {
    type: decimal({ min: 0, max: 1 }),
    default: "0.02",
    doc: "Share of events that are invalid and end as dead letters",
  },
  seed: {
    type: or(integer({ min: 0, max: UINT32_MAX }), { word: "random", meaning: null }),
    default: "random",
    doc: "Makes the events of two runs the same",
  },
} as const;

export const HEALTHCHECK_FLAGS = {
  ready: {
    type: boolean(),
    default: "false",
    doc: "Ask whether it consumes, not only whether it is alive",
  },
} as const;

export const DOCTOR_FLAGS = {
  json: {
    type: boolean(),
    default: "false",
    doc: "Print the report as one JSON object, for scripts",
  },
} as const;

export type DemoFlags = FlagValues<typeof DEMO_FLAGS>;
export type HealthcheckFlags = FlagValues<typeof HEALTHCHECK_FLAGS>;
export type DoctorFlags = FlagValues<typeof DOCTOR_FLAGS>;

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
  demo: {
    name: "demo",
    summary: "Show the service at work, without a Kafka",
    description:
      "Runs the real service against a broker inside this process, fed with made-up events, of which " +
      "some are invalid and some fail once. Ctrl-C ends it with a summary.",
    ownFlags: DEMO_FLAGS,
    settings: "all",
    examples: [
      { line: "demo", does: "20 events a second, until Ctrl-C" },
      { line: "demo --events 1000 --rate 500 --seed 7", does: "the same 1000 events each time" },
    ],
  },
  produce: {
    name: "produce",
    summary: "Feed a Kafka with made-up events",
    description:
      "Produces the events of `demo` to the topic on KAFKA_BROKERS, in snappy batches, for a set-up that has no " +
      "Ingestion-Service yet. Waits for brokers that are away, for up to ten minutes. Ctrl-C ends it.",
    ownFlags: DEMO_FLAGS,
    settings: "all",
    examples: [
      { line: "produce --rate 50", does: "50 events a second, until Ctrl-C" },
      { line: "produce --events 1000 --invalid-share 0", does: "1000 valid events" },
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
  doctor: {
    name: "doctor",
    summary: "Say what is wrong with this set-up, and what to do about it",
    description:
      "Looks at settings, the way to each broker, TLS and SASL, topics, rights, the group and its offsets, a batch " +
      "of messages, clock, port and limits, all at once and in a few seconds. Changes nothing and never joins the " +
      "group. Each finding comes with its fix. Exits with 0 when the service would run, else with 69, 77 or 78.",
    ownFlags: DOCTOR_FLAGS,
    settings: "all",
    examples: [
      { line: "doctor", does: "before the first start, or when something is wrong" },
      { line: "doctor --json", does: "the same for scripts" },
    ],
  },
  ...DEAD_LETTER_COMMANDS,
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

/** Commands of two words, by the first of them. */
export const GROUPS: Readonly<Record<string, CommandGroup>> = {
  "dead-letters": { description: DEAD_LETTERS_DESCRIPTION, commands: commandsOf("dead-letters") },
};

export interface CommandGroup {
  /** What its commands are about, in a few sentences. */
  readonly description: string;
  readonly commands: readonly CommandName[];
}

function commandsOf(group: string): readonly CommandName[] {
  return COMMAND_NAMES.filter((name) => name.startsWith(`${group} `));
}
