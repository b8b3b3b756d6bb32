/**
 * The console page in a headless Chromium: against the program itself, and, where many partitions are wanted, against
 * its HTTP server with snapshots that are made up.
 */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { EmbeddedKafka } from "../../src/broker/embedded_kafka.ts";
import { CONSOLE_FILES } from "../../src/console/files.ts";
import { Health } from "../../src/ops/health.ts";
import { type HttpServer, startHttpServer } from "../../src/ops/http_server.ts";
import { systemClock } from "../../src/ops/system_clock.ts";
import { browserTest } from "../support/browser.ts";
import { letterRecord } from "../support/dead_letters.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { freePorts } from "../support/free_ports.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { madeUpDeadLetters } from "../support/made_up_dead_letters.ts";
import { madeUpSnapshot } from "../support/made_up_snapshot.ts";
import { Program } from "../support/program.ts";

const TOKEN = "a-token-of-24-characters";
const DEADLINE_MS = 60_000;
/** Narrow phone, laptop, wall. */
const WIDTHS = [360, 1280, 2560] as const;
const SCHEMES = ["light", "dark"] as const;
const UPDATES = 8;
/** What one snapshot may take to show, when the machine has nothing else to do. */
const SHOW_MS = 200;

const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

browserTest(
  "an operator pauses everything, sees the lag grow, resumes, and sees it drain",
  async (browser) => {
    await using demo = await startDemo();
    const page = await browser.open(demo.url);
    await shows(page, "#throughput", (text) => Number(text) > 0);
    await page.locator("#pause-all").click();
    await page.locator("#action-reason").fill("a look at the sink");
    await page.locator("#action-token").fill("a wrong token");
    await page.locator("#action-do").click();
    await page.locator("#action-problem", { hasText: "not CONSOLE_TOKEN" }).waitFor();
    await page.locator("#action-token").fill(TOKEN);
    await page.locator("#action-do").click();
    await page.locator("#partition-table td", { hasText: "paused by operator" }).first().waitFor();
    await shows(page, "#lag", (text) => Number(text.replaceAll(",", "")) > 100);
    await page.locator("#problems", { hasText: "pause" }).waitFor();
    await page.locator("#resume-all").click();
    await page.locator("#action-do").click();
    await shows(page, "#lag", (text) => Number(text) < 20);
    await page.locator("#problems").waitFor({ state: "hidden" });
    assert.ok(
      demo.lines().some((line) => /paused by an operator.*a look at the sink/.test(line)),
      demo.lines().join("\n"),
    );
    assert.deepEqual(browser.complaints.filter((each) => !each.includes("401")), []);
  },
);

browserTest(
  "an operator sees the causes of dead letters, and has one of them rehearsed",
  async (browser) => {
    await using demo = await startDemo();
    const page = await browser.open(demo.url);
    const rows = page.locator("#causes-table tbody tr");
    await rows.locator("button", { hasText: "Rehearse" }).first().waitFor();
    const fingerprint = await rows.locator("th").first().textContent() ?? "";
    assert.match(fingerprint, /^[0-9a-f]{10}$/);
    assert.match(await rows.first().locator("td.places").textContent() ?? "", /\.dlq\[\d+\]@\d+/);
    await page.locator(`#rehearse-${fingerprint}`).click();
    await page.locator("#action-by").fill("ann");
    await page.locator("#action-token").fill(TOKEN);
    await page.locator("#action-do").click();
    await page.locator("#rehearsal-state", { hasText: `Rehearsed ${fingerprint} for ann` })
      .waitFor();
    const row = rows.filter({ hasText: fingerprint });
    await row.locator("td", { hasText: /^\d+ fail$/ }).waitFor();
    await page.locator("#failures-list li", { hasText: "would fail with" }).first().waitFor();
    assert.ok(
      demo.lines().every((line) => !line.includes("Dead letters rehearsed")),
      "it is told as INFO, and LOG_LEVEL is warning",
    );
    assert.deepEqual(browser.complaints, []);
  },
);

browserTest(
  "a new cause is seen, rehearsed once it is mended, redriven, and drains",
  async (browser) => {
    await using kafka = await startKafkaWithLetters(120);
    const [port] = freePorts(1);
    await using service = await Program.start({
      args: [],
      env: {
        KAFKA_BROKERS: kafka.bootstrap,
        CONSOLE_TOKEN: TOKEN,
        HTTP_PORT: `${port}`,
        LOG_LEVEL: "info",
        ENVIRONMENT: "production",
      },
    });
    await service.waitForLine("Joined the group");
    const page = await browser.open(`http://127.0.0.1:${port}/`);
    const row = page.locator("#causes-table tbody tr", { hasText: "user_id: expected string" });
    await row.locator("td.number", { hasText: "120" }).waitFor();
    await row.getByRole("button", { name: "Rehearse" }).click();
    await page.locator("#action-by").fill("ann");
    await page.locator("#action-token").fill(TOKEN);
    await page.locator("#action-do").click();
    await row.locator("td", { hasText: /^120 pass$/ }).waitFor();
    await row.getByRole("button", { name: "Redrive" }).click();
    await page.locator("#action-do").click();
    await page.locator("#redrive-state", { hasText: "120 processed" }).waitFor();
    await page.locator("#causes-count", { hasText: "1 to deal with, 120 dealt with" }).waitFor();
    assert.equal(await row.count(), 0);
    assert.equal(await page.locator("#redrive-stop").isVisible(), false);
    await service.waitForLine("Redrive ended");
    assert.ok(service.stdout.some((line) => /redriven by an operator.*ann/.test(line)));
    assert.deepEqual(browser.complaints, []);
  },
);

/** So many letters whose mistake has been mended since, and one that has not. */
async function startKafkaWithLetters(count: number) {
  const embedded = await EmbeddedKafka.start();
  const { bootstrap } = embedded;
  await using client = new KafkaClient(bootstrap);
  const topic = "user-activity-events";
  await client.createTopic({ name: topic });
  await client.createTopic({ name: `${topic}.dlq` });
  const failure = {
    stage: "validate",
    code: "schema_mismatch",
    message: "user_id: expected string, received number",
    rules: ["user_id invalid_type"],
  } as const;
  const notJson = { stage: "decode", code: "not_json", message: "the value is not JSON" } as const;
  const source = { topic, partition: 0, offset: 0 };
  await client.produce(`${topic}.dlq`, [
    ...events({ seed: 1, count }).map(({ key, value }, offset) =>
      letterRecord({ source: { ...source, offset }, key, value, failure })
    ),
    letterRecord({ source, value: "{", failure: notJson }),
  ]);
  return embedded;
}

browserTest("the log level changes for a while", async (browser) => {
  await using demo = await startDemo();
  const page = await browser.open(demo.url);
  await page.locator("#log-level").selectOption("error");
  await page.locator("#action-token").fill(TOKEN);
  await page.locator("#action-do").click();
  await page.locator("#log-level-note", { hasText: "LOG_LEVEL is warning" }).waitFor();
  assert.equal(await page.locator("#log-level").inputValue(), "error");
});

browserTest(
  "axe finds nothing, nothing is asked from elsewhere, and nothing is wider than the window",
  async (browser) => {
    await using site = startSite({ partitions: 12 });
    for (const width of WIDTHS) {
      for (const colorScheme of SCHEMES) {
        const page = await browser.open(site.url, { width, colorScheme });
        await page.locator("#settings summary").click();
        assert.deepEqual(await axe(page), [], `${width} ${colorScheme}`);
        const wider = Number(
          await page.evaluate("document.documentElement.scrollWidth - innerWidth"),
        );
        assert.ok(wider <= 0, `${width} ${colorScheme}: ${wider} pixels wider`);
        await page.close();
      }
    }
    assert.deepEqual(browser.complaints, []);
  },
);

browserTest(
  "it is used by keyboard: to the partitions, into the dialog and out of it",
  async (browser) => {
    await using site = startSite({ partitions: 3 });
    const page = await browser.open(site.url);
    const focused = () => page.evaluate("document.activeElement.id");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal(await focused(), "partitions");
    await page.locator("#partition-table tbody button").first().focus();
    await page.keyboard.press("Enter");
    assert.equal(await focused(), "action-reason");
    assert.deepEqual(await axe(page), []);
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#action-dialog").isVisible(), false);
    assert.match(
      String(await page.evaluate("document.activeElement.ariaLabel")),
      /^Pause user-activity-events/,
    );
  },
);

browserTest("without CONSOLE_TOKEN there is nothing to press", async (browser) => {
  await using site = startSite({ partitions: 3, canAct: false });
  const page = await browser.open(site.url);
  await page.locator("#read-only").waitFor();
  assert.equal(await page.locator("#partition-table tbody button").count(), 0);
  assert.equal(await page.locator("#all-actions").isVisible(), false);
  await page.locator("#causes-table th", { hasText: "8ff24198ff" }).waitFor();
  assert.equal(await page.locator("#causes button:visible").count(), 0);
  assert.equal(await page.locator("#log-level").isDisabled(), true);
});

browserTest("several workers are shown each, and one is not", async (browser) => {
  await using site = startSite({ partitions: 3, workers: 2 });
  const page = await browser.open(site.url);
  await page.locator("#worker-table tbody tr").nth(1).waitFor();
  const texts = await page.locator("#worker-table tbody tr").nth(1).locator("td").allTextContents();
  assert.deepEqual(texts, ["1", "processing-service", "ready", "1", "3", "1", "7"]);
  assert.deepEqual(await axe(page), []);
  await using one = startSite({ partitions: 3 });
  const other = await browser.open(one.url);
  assert.equal(await other.locator("#workers").isVisible(), false);
});

browserTest(`256 partitions are shown within ${SHOW_MS} ms each second`, async (browser) => {
  await using site = startSite({ partitions: 256 });
  const page = await browser.open(site.url);
  const shownTimes = async () =>
    await page.evaluate(() => performance.getEntriesByName("show").map(({ duration }) => duration));
  await eventually("snapshots", async () => (await shownTimes()).length >= UPDATES, {
    withinMs: DEADLINE_MS,
  });
  const times = await shownTimes();
  const best = Math.min(...times);
  console.log(`256 partitions: ${best.toFixed(1)} ms, the best of ${times.length}`);
  assert.equal(await page.locator("#partition-table tbody tr").count(), 256);
  assert.ok(best < SHOW_MS, `${best} ms`);
  await page.getByRole("button", { name: "Lag", exact: true }).click();
  const [most] = await page.locator("#partition-table tbody tr td:nth-child(3)").allTextContents();
  assert.ok(Number(most) > 300, most);
  assert.deepEqual(browser.complaints, []);
});

browserTest("it says so when no news comes any more", async (browser) => {
  const site = startSite({ partitions: 3 });
  const page = await browser.open(site.url);
  await site[Symbol.asyncDispose]();
  await page.locator("#stream", { hasText: "no news for" }).waitFor();
});

/** The program on its embedded broker, with so many events a second that a pause is seen soon. */
async function startDemo() {
  const [port] = freePorts(1);
  const env = { CONSOLE_TOKEN: TOKEN, HTTP_PORT: `${port}`, LOG_LEVEL: "warning" };
  const program = await Program.start({ args: ["demo", "--rate", "200"], env });
  const url = `http://127.0.0.1:${port}/`;
  await eventually("the page", async () => {
    const response = await fetch(url).catch(() => null);
    await response?.body?.cancel();
    return response?.ok === true;
  }, { withinMs: DEADLINE_MS });
  return {
    url,
    lines: () => program.stdout,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** The HTTP server with a service behind it that is made up. */
function startSite(options: Parameters<typeof madeUpSnapshot>[1]) {
  let second = 0;
  const snapshot = () => madeUpSnapshot(second += 1, options);
  const server = startHttpServer({
    config: { httpHost: "127.0.0.1", httpPort: 0, consoleToken: null, consoleHosts: null },
    health: new Health(),
    clock: systemClock,
    version: {},
    metrics: () => "",
    status: () => ({ ...snapshot(), configuration: SETTINGS }),
    snapshot,
    deadLetters: madeUpDeadLetters,
    actions: {
      pause() {},
      resume() {},
      rehearse() {},
      redrive() {},
      stopRedrive() {},
      setLogLevel() {},
    },
    consoleFiles: CONSOLE_FILES,
    onIntrusion() {},
  }) as HttpServer;
  return {
    url: `${server.url}/`,
    [Symbol.asyncDispose]: () => server.close(1_000),
  };
}

const SETTINGS = [
  { name: "KAFKA_TOPIC", group: "Kafka", value: "user-activity-events", origin: "default" },
];

async function shows(
  page: Page,
  selector: string,
  isRight: (text: string) => boolean,
): Promise<void> {
  await eventually(
    `what is wanted at ${selector}`,
    async () => isRight(await page.locator(selector).textContent() ?? ""),
    { withinMs: DEADLINE_MS },
  );
}

/** What axe finds, a line each. */
async function axe(page: Page): Promise<readonly string[]> {
  // By the protocol, because the page's policy lets no script be added.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: await Deno.readTextFile(axePath) });
  const { result } = await session.send("Runtime.evaluate", {
    expression:
      "axe.run().then(({ violations }) => JSON.stringify(violations.flatMap(({ id, nodes }) => " +
      "nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)} ${failureSummary}`))))",
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  return JSON.parse(String(result.value));
}
