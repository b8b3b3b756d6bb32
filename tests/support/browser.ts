/**
 * A headless Chromium with a page of ours in it. What pages do that they must not do is kept and told: errors, and
 * requests to other hosts. CHROMIUM names another executable than Debian's.
 */
import { type Browser, chromium, type Page } from "playwright-core";

const CHROMIUM = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";
/** Without these it looks for updates and asks hosts of its own. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const DEADLINE_MS = 30_000;

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
}

/** Registers a test in a browser; ignored where there is none, unless REQUIRE_BROWSER=1. */
export function browserTest(name: string, test: (browser: TestBrowser) => Promise<void>): void {
  const isRequired = Deno.env.get("REQUIRE_BROWSER") === "1";
  const suffix = isRequired || hasChromium() ? "" : ` (no Chromium at ${CHROMIUM})`;
  Deno.test({
    name: name + suffix,
    ignore: suffix !== "",
    // playwright-core keeps pipes and timers of its own for a moment after the browser has ended.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      await using browser = await TestBrowser.start();
      await test(browser);
    },
  });
}

export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  /** What pages did that they must not do. */
  readonly complaints: string[] = [];

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<TestBrowser> {
    const options = { executablePath: CHROMIUM, args: ARGUMENTS, timeout: DEADLINE_MS };
    return new TestBrowser(await chromium.launch(options));
  }

  /** Opens a page and waits until it is live. */
  async open(
    url: string,
    { width = 1280, height = 900, colorScheme = "light" }: PageOptions = {},
  ): Promise<Page> {
    const page = await this.#browser.newPage({ viewport: { width, height }, colorScheme });
    page.setDefaultTimeout(DEADLINE_MS);
    page.on("pageerror", (error) => this.complaints.push(`error: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(`console: ${message.text()}`);
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(url)) this.complaints.push(`request: ${request.url()}`);
    });
    await page.goto(url);
    await page.locator("#stream", { hasText: "live" }).waitFor();
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

function hasChromium(): boolean {
  try {
    return Deno.statSync(CHROMIUM).isFile;
  } catch {
    return false;
  }
}
