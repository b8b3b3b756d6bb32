/** The commands about dead letters: what help and the command line need to know of them. */
import { boolean, instant, integer, kafkaName, or, text } from "../../config/values.ts";
import type { FlagValues } from "../command.ts";

export const DEAD_LETTERS_DESCRIPTION =
  "Dead letters are messages that could not be processed: they lie in DLQ_TOPIC with the reason, and nothing else " +
  "waits for them. See what is there (list), look at one (show), find out which of them would pass today (rehearse).";

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

export const LIST_FLAGS = { ...FILTER_FLAGS, ...JSON_FLAG } as const;
export const SHOW_FLAGS = JSON_FLAG;
export const REHEARSE_FLAGS = LIST_FLAGS;

export type FilterFlags = FlagValues<typeof FILTER_FLAGS>;
export type ListFlags = FlagValues<typeof LIST_FLAGS>;
export type ShowFlags = FlagValues<typeof SHOW_FLAGS>;
export type RehearseFlags = FlagValues<typeof REHEARSE_FLAGS>;

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
} as const;
