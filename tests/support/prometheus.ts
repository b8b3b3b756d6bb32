/**
 * Prometheus's own programs, for tests of what it is to read: those on PATH, else Debian's package, downloaded once and
 * unpacked beside the other things that tests keep.
 */
import { cached } from "./cache.ts";
import { commandExists, run } from "./command.ts";
import { testIfPossible } from "./test_if_possible.ts";

const FETCH_DEADLINE_MS = 120_000;

/** Registers a test that needs promtool or prometheus. Where they cannot be had it is ignored, with REQUIRE_KAFKA=1 it fails. */
export function prometheusTest(name: string, body: () => Promise<void>): void {
  const isRequired = Deno.env.get("REQUIRE_KAFKA") === "1";
  testIfPossible(name, isRequired ? null : MISSING, body);
}

/** The path of one of the programs. */
export async function prometheusProgram(name: "promtool" | "prometheus"): Promise<string> {
  if (await commandExists(name)) return name;
  const directory = await cached("prometheus/debian", unpackPackage);
  return `${directory}/usr/bin/${name}`;
}

async function unpackPackage(draft: string): Promise<void> {
  const download = ["sh", "-c", 'cd "$1" && apt-get -qq download prometheus', "sh", draft];
  const options = { deadlineMs: FETCH_DEADLINE_MS };
  // Without lists of packages there is nothing to download from; fetching them needs root, as in a container.
  await run(download, options).catch(async () => {
    await run(["apt-get", "-qq", "update"], options);
    await run(download, options);
  });
  await run(["sh", "-c", 'dpkg -x "$1"/prometheus_*.deb "$1"', "sh", draft], options);
}

async function missing(): Promise<string | null> {
  if (await commandExists("promtool")) return null;
  const isDebian = await commandExists("apt-get") && await commandExists("dpkg");
  return isDebian ? null : "no promtool, and no apt-get to download it with";
}

const MISSING = await missing();
