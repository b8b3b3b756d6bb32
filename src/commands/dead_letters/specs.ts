/** The commands about dead letters: what help and the command line need to know of them. */
import { boolean, decimal, instant, integer, kafkaName, or, text } from "../../config/values.ts";
import type { FlagValues } from "../command.ts";

export const DEAD_LETTERS_DESCRIPTION =
  "Dead letters are messages that could not be processed: they lie in DLQ_TOPIC with the reason, and nothing else " +
  "waits for them. See what is there (list), look at one (show), find out which of them would pass today (rehearse), " +
  "have them processed again (redrive), or put them aside for good (park).";

const ANY = { word: "any", meaning: null } as const;

/** Which letters are meant; all conditions that are given must hold. */
export const FILTER_FLAGS = {
  fingerprint: {
    type: or(text("fingerprint", { maxLength: 64 }), ANY),
    default: "any",
    doc: "Only this cause, as `list` shows it",
  },
  reason: {
    type: or(text("text", { maxLength: 200 }), ANY),
    default: "any",
    doc: "Only letters with this code, or with this text in the reason",
  },
  topic: {
    type: or(kafkaName(), ANY),
    default: "any",
    doc: "Only messages that were in this topic",
  },
  partition: {
    type: or(integer({ min: 0, max: 1_000_000 }), ANY),
    default: "any",
    doc: "Only messages that were in this partition of their topic",
  },
  since: {
    type: or(instant(), ANY),
    default: "any",
    doc: "Only what failed at or after this time, or so long ago at most: 2h, 3d",
  },
  until: {
    type: or(instant(), ANY),
    default: "any",
    doc: "Only what failed before this time, or longer ago: 2h, 3d",
  },
} as const;

const JSON_FLAG = {
  json: {
    type: boolean(),
    default: "false",
    doc: "Print one JSON object, for scripts",
  },
} as const;

const ACT_FLAGS = {
  count: {
    type: or(integer({ min: 1, max: 1_000_000_000 }), { word: "all", meaning: null }),
    default: "all",
    doc: "No more than so many letters",
  },
  rate: {
    type: or(decimal({ min: 0.01, max: 100_000 }), { word: "unlimited", meaning: null }),
    default: "unlimited",
    doc: "Letters a second at most; retries do not count",
  },
  dryRun: {
    type: boolean(),
    default: "false",
    doc: "Say what would happen, and do nothing",
  },
  yes: {
    type: boolean(),
    default: "false",
    doc: "Do not ask; needed where there is no terminal",
  },
} as const;

export const LIST_FLAGS = { ...FILTER_FLAGS, ...JSON_FLAG } as const;
export const SHOW_FLAGS = JSON_FLAG;
export const REHEARSE_FLAGS = LIST_FLAGS;
export const ACTION_FLAGS = { ...FILTER_FLAGS, ...ACT_FLAGS, ...JSON_FLAG } as const;

export type FilterFlags = FlagValues<typeof FILTER_FLAGS>;
export type ListFlags = FlagValues<typeof LIST_FLAGS>;
export type ShowFlags = FlagValues<typeof SHOW_FLAGS>;
export type RehearseFlags = FlagValues<typeof REHEARSE_FLAGS>;
export type ActionFlags = FlagValues<typeof ACTION_FLAGS>;

const READS_ONLY = "Reads only: commits nothing, joins no group.";

export const DEAD_LETTER_COMMANDS = {
  "dead-letters list": {
    name: "dead-letters list",
    summary: "Count dead letters by cause, topic and age",
    description:
      "Reads the dead-letter topics from their start to their end of now and counts what nobody has dealt with: by " +
      "fingerprint, which is the same for all messages that failed in the same way, by code, by topic and by age. " +
      `Understands the letters of Kafka Connect, Kafka Streams, Spring and Kafka itself, too. ${READS_ONLY}`,
    ownFlags: LIST_FLAGS,
    settings: "all",
    examples: [
      { line: "dead-letters list", does: "what is there, and why" },
      { line: "dead-letters list --since 24h --json", does: "of the last day, for a script" },
      {
        line: "dead-letters list --dlq-topic connect-dlq",
        does: "the letters in a topic of somebody else",
      },
    ],
  },
  "dead-letters show": {
    name: "dead-letters show",
    summary: "Show one dead letter with its reason, headers and content",
    description:
      "Shows one dead letter: why it failed, where it was, its headers, its key and its value, decoded where that is " +
      "possible, and what today's schema says of it. The content of messages is printed as it is: mind who sees it. " +
      READS_ONLY,
    argument: {
      placeholder: "TOPIC[PARTITION]@OFFSET",
      doc:
        "Where it lies in the dead-letter topic, as `list` and the log show it; TOPIC/PARTITION/OFFSET is the same",
    },
    ownFlags: SHOW_FLAGS,
    settings: "all",
    examples: [
      {
        line: "dead-letters show 'user-activity-events.dlq[0]@17'",
        does: "the letter at offset 17",
      },
      { line: "dead-letters show user-activity-events.dlq/0/17 --json", does: "the same, whole" },
    ],
  },
  "dead-letters rehearse": {
    name: "dead-letters rehearse",
    summary: "Say which dead letters would pass today, and touch nothing",
    description:
      "Checks dead letters against the schema of this version and, where a handler declares itself dryRunnable, lets " +
      "it say whether it would take them: how many would pass and how many would fail, by fingerprint, and what would " +
      `stop those. Calls no other handler. ${READS_ONLY}`,
    ownFlags: REHEARSE_FLAGS,
    settings: "all",
    examples: [
      { line: "dead-letters rehearse", does: "has the mistake been mended for all of them?" },
      { line: "dead-letters rehearse --fingerprint 8ff24198ff", does: "for those of one cause" },
    ],
  },
  "dead-letters redrive": {
    name: "dead-letters redrive",
    summary: "Process dead letters again, in this process",
    description:
      "Takes the dead letters that fit the filter, as they lie there now, through validation and handlers of this " +
      "version, in the order of their keys, with the usual retries. Says first what would happen, and asks. Handlers see " +
      "each message as it was: topic, partition, offset, key, value and headers. Nothing is written to the topic it came " +
      "from, so no other consumer sees it twice. What fails again goes back to the dead-letter topic with its count of " +
      "replays, and into <dead-letter topic>.parked after DLQ_MAX_REPLAYS. What is done is what the group " +
      "<KAFKA_GROUP_ID>.redrive has committed: stopped or killed, it goes on where it was; the others stay as they are. " +
      "One at a time: a second one is refused, and told who is at it. Ctrl-C stops it in order. Exits with 0 when all " +
      "that fits is done, 75 when letters are left, or another redrive is under way.",
    ownFlags: ACTION_FLAGS,
    settings: "all",
    examples: [
      { line: "dead-letters redrive --dry-run", does: "what would happen" },
      {
        line: "dead-letters redrive --fingerprint 8ff24198ff --yes",
        does: "those of one cause, once it is mended",
      },
      {
        line: "dead-letters redrive --count 10 --rate 1",
        does: "ten of them, one a second, to see how it goes",
      },
    ],
  },
  "dead-letters park": {
    name: "dead-letters park",
    summary: "Move dead letters to the parked topic, out of the way",
    description:
      "Moves the dead letters that fit the filter, byte for byte, to <dead-letter topic>.parked: those that can never be " +
      "redriven, or that nobody will mend. Each counts as dealt with once the brokers have acknowledged it there. Takes " +
      "turns with redrive: only one of them at a time.",
    ownFlags: ACTION_FLAGS,
    settings: "all",
    examples: [
      { line: "dead-letters park --until 90d", does: "what failed more than 90 days ago" },
      { line: "dead-letters park --reason not_json --yes", does: "what was never an event" },
    ],
  },
} as const;
