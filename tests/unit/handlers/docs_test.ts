/** The example of docs/handlers.md: taken from the page as it stands, checked for its types, and run. */
import assert from "node:assert/strict";
import type { createHandlers } from "../../../src/handlers/mod.ts";
import { delivery, message, ProcessingBench } from "../../support/processing_bench.ts";
import { sampleEvent } from "../../support/sample_event.ts";

const ROOT = new URL("../../../", import.meta.url);
const PAGE = new URL("docs/handlers.md", ROOT);
/** What a new handler may take, the lines that are new in mod.ts included. */
const MAX_LINES = 20;

/** Path -> content of each file that the page shows. */
async function examples(): Promise<Map<string, string>> {
  const page = await Deno.readTextFile(PAGE);
  const blocks = page.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms);
  return new Map([...blocks].map(([, path, content]) => [String(path), String(content)]));
}

/** Writes the files of the page to a folder, where they find the rest of the tree. Answers the path of mod.ts. */
async function writeExamples(folder: string): Promise<string> {
  const files = await examples();
  for (const [path, content] of files) {
    const src = new URL("src/", ROOT).href;
    const linked = content
      .replaceAll(`"../`, `"${src}`)
      .replaceAll(`"./display.ts"`, `"${src}handlers/display.ts"`);
    await Deno.writeTextFile(`${folder}/${path.replace("src/handlers/", "")}`, linked);
  }
  return `${folder}/mod.ts`;
}

Deno.test("docs/handlers.md adds a handler in under 20 lines", async () => {
  const files = await examples();
  assert.deepEqual([...files.keys()], ["src/handlers/purchase.ts", "src/handlers/mod.ts"]);
  const ours = await Deno.readTextFile(new URL("src/handlers/mod.ts", ROOT));
  const added = String(files.get("src/handlers/mod.ts")).split("\n")
    .filter((line) => !ours.includes(line));
  const handler = String(files.get("src/handlers/purchase.ts")).trimEnd().split("\n");
  assert.equal(added.length, 2, added.join("\n"));
  assert.ok(handler.length + added.length < MAX_LINES, `${handler.length} and ${added.length}`);
});

Deno.test("docs/handlers.md shows a handler that does as the page says", async () => {
  const folder = await Deno.makeTempDir();
  const realFetch = globalThis.fetch;
  try {
    const path = await writeExamples(folder);
    await checkTypes(path);
    const mod: { createHandlers: typeof createHandlers } = await import(`file://${path}`);
    const asked: string[] = [];
    const answers = [503, 204];
    globalThis.fetch = (url, init) => {
      asked.push(`${init?.method} ${url} ${init?.body}`);
      return Promise.resolve(new Response(null, { status: answers.shift() ?? 500 }));
    };
    await runHandlers(mod.createHandlers({ environment: "development" }), asked);
  } finally {
    globalThis.fetch = realFetch;
    await Deno.remove(folder, { recursive: true });
  }
});

async function checkTypes(path: string): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--config", new URL("deno.json", ROOT).pathname, path],
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

async function runHandlers(
  handlers: ReturnType<typeof createHandlers>,
  asked: readonly string[],
): Promise<void> {
  const bench = new ProcessingBench(undefined, { handlers });
  const partition = bench.own();
  const events = [
    sampleEvent(),
    sampleEvent({ event_type: "purchase", event_data: { amount: 12.5, sku: "A-1" } }),
    sampleEvent({ event_type: "purchase", event_data: { amount: "much" } }),
  ];
  const messages = events.map((value, offset) => message(offset, { value }));
  bench.assignment.deliver(partition, delivery(0, messages));
  await bench.clock.advance(10_000);
  bench.assignment.close();
  const { telemetry } = bench;
  assert.equal(partition.prefix, 3);
  assert.deepEqual(telemetry.offsets("messageProcessed"), [0, 1]);
  assert.deepEqual(telemetry.offsets("messageRetried"), [1]);
  assert.deepEqual(telemetry.offsets("messageDeadLettered"), [2]);
  assert.deepEqual(bench.logger.lines.map(({ fields }) => fields["event_type"]), ["page_view"]);
  const { event_id } = sampleEvent();
  const booking = `PUT https://accounting.example.com/bookings/${event_id} ` +
    `{"user_id":"user-123","amount":12.5}`;
  assert.deepEqual(asked, [booking, booking], "a retry repeats the same booking");
}
