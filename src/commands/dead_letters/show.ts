/** `dead-letters show`: one of them, with all that is known of it. */
import { plain } from "../../doctor/text.ts";
import { type Letter, messageOf, parseLetter } from "../../dead_letters/letter.ts";
import { type Expectation, Rehearsal } from "../../dead_letters/rehearsal.ts";
import { createHandlers } from "../../handlers/mod.ts";
import type { Coordinates, Header, Message } from "../../processing/message.ts";
import { partitionKey } from "../../processing/partition_key.ts";
import { type CommandContext, EXIT, ExitError } from "../command.ts";
import { contentText, showContent, type ShownContent } from "./content.ts";
import { type Session, withDeadLetters } from "./session.ts";
import type { ShowFlags } from "./specs.ts";
import { isoText, number, placeText, timeText } from "./table.ts";

/** One letter, and what was found out about it. */
interface Shown {
  readonly letter: Letter;
  readonly isSettled: boolean;
  readonly today: Expectation;
  /** Is the message still where it was first? */
  readonly origin: string;
}

/** @throws ExitError when there is no such letter */
export async function run(
  { config, flags, print, argument }: CommandContext<ShowFlags>,
): Promise<number> {
  const place = parsePlace(argument ?? "");
  const handlers = createHandlers({ environment: config.environment });
  return await withDeadLetters({ ...config, dlqTopic: place.topic }, {
    isQuiet: flags.json,
    work: async (session) => {
      const record = await readOne(session, place);
      const letter = parseLetter(record);
      const rehearsal = new Rehearsal({ ...config, clock: session.clock, handlers });
      const shown = {
        letter,
        isSettled: session.settled.has(place),
        today: await rehearsal.expect(letter),
        origin: await originText(session, letter),
      };
      print(flags.json ? shownJson(shown) : shownText(shown));
      return EXIT.OK;
    },
  });
}

const PLACE = /^([a-zA-Z0-9._-]{1,249})(?:\[(\d{1,7})\]@|\/(\d{1,7})\/)(\d{1,16})$/;

/**
 * `topic[0]@17` or `topic/0/17`.
 *
 * @throws ExitError
 */
export function parsePlace(text: string): Coordinates {
  const [, topic, bracketed, plainPartition, offset] = PLACE.exec(text) ?? [];
  if (topic === undefined) {
    const expected = "Name the letter as TOPIC[PARTITION]@OFFSET or TOPIC/PARTITION/OFFSET";
    throw new ExitError(EXIT.USAGE, `${expected}, as the list shows it: ${JSON.stringify(text)}`);
  }
  return { topic, partition: Number(bracketed ?? plainPartition), offset: Number(offset) };
}

async function readOne({ reader, partitions }: Session, place: Coordinates): Promise<Message> {
  const name = partitionKey(place);
  const partition = partitions.find((each) => partitionKey(each) === name);
  if (partition === undefined) {
    throw new ExitError(EXIT.DATA, `Check the partition, there is no such one: ${name}`);
  }
  const [log] = await reader.stretches([partition]);
  const { start = 0, end = 0 } = log ?? {};
  const { offset } = place;
  if (offset >= start && offset < end) {
    for await (const page of reader.pages({ ...partition, start: offset, end: offset + 1 })) {
      const [record] = page.messages;
      if (record !== undefined) return record;
    }
  }
  const bounds = start === end ? "nothing" : `offsets ${start} to ${end - 1}`;
  const text = `Check the offset, ${name} holds ${bounds}, and no message at ${offset}`;
  throw new ExitError(EXIT.DATA, text);
}

/** Looks where the message came from; not being able to look is an answer, too. */
async function originText({ reader, metadata }: Session, { source }: Letter): Promise<string> {
  const { topic, partition, offset } = source;
  if (topic === null || partition === null || offset === null) return "the letter does not say";
  try {
    metadata.track([topic]);
    await metadata.refresh();
    if (!metadata.partitionsOf(topic).includes(partition)) return "there is no such partition now";
    const [log] = await reader.stretches([{ topic, partition }]);
    const { start = 0, end = 0 } = log ?? {};
    if (offset < start) return `deleted since: the log begins at ${start}`;
    return offset < end ? "still in the log" : `the log ends at ${end}: the topic is another one`;
  } catch (error) {
    return `cannot be looked at: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function shownText({ letter, isSettled, today, origin }: Shown): string {
  const { place, source, family, key, value, headers, replays, obstacle } = letter;
  const isKnown = source.topic !== null && source.partition !== null && source.offset !== null;
  const facts: readonly (readonly [string, string])[] = [
    ["fingerprint", letter.fingerprint ?? "unknown"],
    ["stage", letter.stage ?? "unknown"],
    ["code", letter.code ?? "unknown"],
    ["reason", letter.reason ?? "unknown"],
    ["failed at", letter.failedAt < 0 ? "unknown" : `${timeText(letter.failedAt)} UTC`],
    ["attempts", letter.attempts === null ? "unknown" : number(letter.attempts)],
    ["redriven", replays === 0 ? "never" : `${number(replays)} times, in vain`],
    ["given up by", letter.group ?? "unknown"],
    ["written by", WRITERS[family]],
    ["it was", `${isKnown ? placeText(messageOf(letter)) : "unknown"}: ${origin}`],
    ["produced at", source.timestamp === null ? "unknown" : `${timeText(source.timestamp)} UTC`],
    ["dealt with", isSettled ? "yes" : "no"],
    ["today", todayText(today)],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return [
    placeText(place),
    "",
    ...facts.map(([name, text]) => `  ${name.padEnd(width)}  ${plain(text)}`),
    ...(obstacle === null ? [] : ["", OBSTACLES[obstacle]]),
    "",
    ...contentText("Key", showContent(key)),
    "",
    ...headerLines(headers),
    "",
    ...contentText("Value", showContent(value)),
  ].join("\n");
}

const WRITERS: Readonly<Record<Letter["family"], string>> = {
  ours: "this service",
  kafka: "a Kafka broker, for a share group",
  connect: "Kafka Connect",
  streams: "Kafka Streams",
  spring: "Spring for Apache Kafka",
  unknown: "nobody knows whom: no header of a known kind",
};

const OBSTACLES: Readonly<Record<NonNullable<Letter["obstacle"]>, string>> = {
  raw_batch: "It can never be redriven: its value is a whole record batch that cannot be read",
  value_left_out: "It can never be redriven: the broker did not take the value of the message",
};

function todayText({ prospect, failure }: Expectation): string {
  switch (prospect) {
    case "passes":
      return "would pass";
    case "valid":
      return "fits the schema; its handler is not dryRunnable, so only a redrive can tell";
    case "never":
      return "can never be redriven";
    case "fails":
      return `would fail: ${failure?.stage} ${failure?.code}: ${failure?.message}`;
  }
}

function headerLines(headers: readonly Header[]): readonly string[] {
  if (headers.length === 0) return ["No headers of its own"];
  return [
    "Headers of its own",
    ...headers.map(([name, content]) => {
      const { text, encoding, bytes } = showContent(content);
      const shown = encoding === "none"
        ? "null"
        : encoding === "hex"
        ? `${bytes} bytes: ${text}`
        : text;
      return `  ${plain(name)}: ${plain(shown)}`;
    }),
  ];
}

function shownJson({ letter, isSettled, today, origin }: Shown): string {
  const { place, source } = letter;
  const shown = {
    place,
    fingerprint: letter.fingerprint,
    stage: letter.stage,
    code: letter.code,
    reason: letter.reason,
    failed_at: isoText(letter.failedAt < 0 ? null : letter.failedAt),
    attempts: letter.attempts,
    replays: letter.replays,
    group: letter.group,
    written_by: letter.family,
    source: { ...source, timestamp: isoText(source.timestamp), state: origin },
    dealt_with: isSettled,
    obstacle: letter.obstacle,
    today: { prospect: today.prospect, failure: today.failure },
    key: wholeContent(letter.key),
    headers: letter.headers.map(([name, content]) => ({ name, ...wholeContent(content) })),
    value: wholeContent(letter.value),
  };
  return JSON.stringify(shown, null, 2);
}

/** As text where it is, and in any case as it is. */
function wholeContent(content: Uint8Array | null): Readonly<Record<string, unknown>> {
  const { encoding, text }: ShownContent = showContent(content, Infinity);
  return {
    text: encoding === "text" || encoding === "json" ? text : null,
    base64: content === null ? null : content.toBase64(),
  };
}
