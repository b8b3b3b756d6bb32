/**
 * Every state in the readiness table of docs/http.md, brought about: what probes, `/status` and the metric say is what the
 * table says, and where a state passes, the service is ready again.
 */
import assert from "node:assert/strict";
import { EmbeddedKafka, Faults } from "../../src/broker/mod.ts";
import { eventually } from "../support/eventually.ts";
import { GROUP, type State, STATES, TOKEN, TOPIC } from "../support/health_states.ts";
import { valueOf } from "../support/metric_facts.ts";
import { readStatus, scrape } from "../support/operator.ts";
import { Recording } from "../support/recording.ts";
import { untilServing } from "../support/service.ts";
import { stepsAtOnce } from "../support/steps.ts";

/** What the table says of a state. */
interface Row {
  readonly livez: string;
  readonly readyz: string;
}

const WITHIN_MS = 30_000;
const NO_ANSWER_MS = 500;

Deno.test("the table of readiness in docs/http.md says what is answered, state by state", async (t) => {
  const table = await readinessTable();
  assert.deepEqual([...table.keys()], [...new Set(STATES.map(({ row }) => row))]);
  await stepsAtOnce(t, STATES, {
    atOnce: 8,
    name: ({ row, how }) => how === undefined ? row : `${row}: ${how}`,
    body: (state) => assertState(state, table.get(state.row) ?? { livez: "", readyz: "" }),
  });
});

async function assertState(state: State, said: Row): Promise<void> {
  await using kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: 1, empty: 1 } });
  await using recording = await Recording.start();
  const start = async () =>
    await recording.startService(kafka, {
      topic: TOPIC,
      group: GROUP,
      settings: { HTTP_PORT: "0", CONSOLE_TOKEN: TOKEN, RETRY_DELAY: "60", ...state.settings },
      ...(state.plan === undefined ? {} : { plan: state.plan }),
    });
  const isOfTwo = state.settings?.["KAFKA_GROUP_ID"] === "of-two";
  await using other = isOfTwo ? await start() : null;
  if (other !== null) await untilConsuming(await untilServing(other));
  await using service = await start();
  const url = await untilServing(service);
  const scene = { kafka, faults: new Faults(kafka), service, url };
  if (state.begins !== undefined) await untilConsuming(url);
  await state.begins?.(scene);
  if (said.livez === "no answer") {
    assert.equal(said.readyz, "no answer");
    for (const path of ["/livez", "/readyz"]) await assertSilent(`${url}${path}`);
  } else {
    const urls = [url, ...other === null ? [] : [await untilServing(other)]];
    await assertSaid(urls, state, said);
  }
  if (state.passes === undefined) return;
  await state.passes(scene);
  await untilConsuming(url);
  assert.equal((await service.stop()).code, 0);
}

/** Where there are two, one of them is in the state. */
async function assertSaid(urls: readonly string[], state: State, said: Row): Promise<void> {
  const { check, begins } = state;
  const status = Number.parseInt(said.readyz);
  const isReady = status === 200;
  const url = await untilTold(urls, state, isReady);
  const hasRun = begins !== undefined;
  assert.deepEqual(await answer(`${url}/livez`), [Number(said.livez), "ok\n"]);
  assert.equal((await answer(`${url}/startupz`))[0], hasRun ? 200 : 503);
  const [code, text] = await answer(`${url}/readyz`);
  assert.equal(code, status, text);
  const [, verbose] = await answer(`${url}/readyz?verbose`);
  assert.ok(verbose.endsWith(`\nreadyz check ${isReady ? "passed" : "failed"}\n`), verbose);
  const { readiness, phase } = await readStatus(url);
  assert.equal(readiness.ok, isReady);
  assert.equal(phase === "running", hasRun && check !== "phase");
  assert.equal(valueOf(await scrape(url), "processing_ready", {}), isReady ? 1 : 0);
  if (check === null) return;
  assert.ok(said.readyz.includes(isReady ? "a note" : `\`${check}\``), said.readyz);
  assert.ok(text.includes(`${check}: `), text);
  const found = readiness.checks.find(({ name }) => name === check);
  assert.deepEqual([found?.ok, found?.isNote], [isReady, isReady]);
}

/** Waits for the line of the check; answers where it was found. */
async function untilTold(
  urls: readonly string[],
  { check, says = /./ }: State,
  isOk: boolean,
): Promise<string> {
  const [first = ""] = urls;
  if (check === null) return first;
  const start = isOk ? `[+]${check} ok: ` : `[-]${check} failed: `;
  const tells = async (url: string) => {
    const lines = (await answer(`${url}/readyz?verbose`))[1].split("\n");
    return lines.some((each) => each.startsWith(start) && says.test(each.slice(start.length)));
  };
  const find = async () => {
    for (const url of urls) if (await tells(url)) return url;
    return "";
  };
  return await eventually(`${check} is told`, find, { withinMs: WITHIN_MS });
}

/** Ready, and past the start: a leader has answered, where there is something to read. */
async function untilConsuming(url: string): Promise<void> {
  await eventually("it consumes", async () => {
    const { readiness, partitions, fetchAgeMs } = await readStatus(url);
    return readiness.ok && (partitions.length === 0 || fetchAgeMs !== null);
  }, { withinMs: WITHIN_MS });
}

async function assertSilent(url: string): Promise<void> {
  const isSilent = () =>
    fetch(url, { signal: AbortSignal.timeout(NO_ANSWER_MS) }).then(
      async (response) => {
        await response.body?.cancel();
        return false;
      },
      ({ name }) => name === "TimeoutError",
    );
  await eventually(`${url} does not answer`, isSilent, { withinMs: WITHIN_MS });
}

async function answer(url: string): Promise<readonly [number, string]> {
  const response = await fetch(url);
  return [response.status, await response.text()];
}

/** By the first column. */
async function readinessTable(): Promise<ReadonlyMap<string, Row>> {
  const text = await Deno.readTextFile(new URL("../../docs/http.md", import.meta.url));
  const [, section = ""] = text.split("\n## Readiness\n");
  const [, table = ""] = /\n\| -.*\n((?:\|.*\n)+)/.exec(section) ?? [];
  return new Map(
    table.trim().split("\n").map((line) => {
      const [, state = "", livez = "", readyz = ""] = line.split("|").map((cell) => cell.trim());
      return [state, { livez, readyz }] as const;
    }),
  );
}
