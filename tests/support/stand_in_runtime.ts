/**
 * A Deno and a runtime part that make executables where Deno's downloads cannot be reached, and npm can. The runtime
 * part is on no registry by itself, but it is the first part of every program that somebody compiled and published: this
 * one is Deno 2.6.10's, and 2.8.3 is the newest Deno whose executables it runs. An aid for tests, on Linux with x64, and
 * never part of a release.
 */
import { sha256 } from "../../tools/compile/sums.ts";
import { cached } from "./cache.ts";
import { commandExists, run } from "./command.ts";

export interface StandInRuntime {
  /** What compiles. */
  readonly deno: string;
  /** For DENORT_BIN. */
  readonly denort: string;
}

const DENO_VERSION = "2.8.3";
const DENO_PACKAGE = `@deno/linux-x64-glibc@${DENO_VERSION}`;
/** Any program compiled with the Deno of that runtime part would do. */
const PROGRAM_PACKAGE = "@dgellow/rfc-linux-x64@0.0.6";
const PROGRAM_FILE = "bin/rfc";
const DENORT_SHA256 = "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2";
/** The trailer: a magic number, a hash, and the length of what was appended, trailer included. */
const TRAILER_BYTES = 16;
const MAGIC = 0x501e;
const DOWNLOAD_DEADLINE_MS = 180_000;

/** Why there is none on this machine, as a phrase; null when it can be had. */
export async function standInMissing(): Promise<string | null> {
  const { os, arch } = Deno.build;
  if (os !== "linux" || arch !== "x86_64") {
    return "no stand-in for Deno's runtime part but on Linux with x64";
  }
  for (const program of ["npm", "tar"]) {
    if (!await commandExists(program)) {
      return `no ${program} to get a stand-in for Deno's runtime part`;
    }
  }
  return null;
}

/** Downloads it once, some 100 MB. */
export async function standInRuntime(): Promise<StandInRuntime> {
  const directory = await cached(`stand-in-runtime-${DENO_VERSION}`, async (draft) => {
    await unpack(DENO_PACKAGE, { draft, file: "deno", as: "deno" });
    await unpack(PROGRAM_PACKAGE, { draft, file: PROGRAM_FILE, as: "program" });
    await cutOut(`${draft}/program`, `${draft}/denort`);
    await Deno.remove(`${draft}/program`);
    for (const file of ["deno", "denort"]) await Deno.chmod(`${draft}/${file}`, 0o755);
  });
  return { deno: `${directory}/deno`, denort: `${directory}/denort` };
}

async function unpack(
  name: string,
  { draft, file, as }: { readonly draft: string; readonly file: string; readonly as: string },
): Promise<void> {
  const options = { cwd: draft, deadlineMs: DOWNLOAD_DEADLINE_MS };
  const archive = (await run(["npm", "pack", "--silent", name], options)).trim();
  await run(["tar", "-xzf", archive, `package/${file}`], options);
  await Deno.rename(`${draft}/package/${file}`, `${draft}/${as}`);
  await Deno.remove(`${draft}/${archive}`);
  await Deno.remove(`${draft}/package`, { recursive: true });
}

async function cutOut(program: string, denort: string): Promise<void> {
  const bytes = await Deno.readFile(program);
  const trailer = new DataView(bytes.buffer, bytes.length - TRAILER_BYTES);
  if (trailer.getUint32(0, true) !== MAGIC) throw new Error(`No program of Deno 2.6: ${program}`);
  const appended = Number(trailer.getBigUint64(TRAILER_BYTES / 2, true));
  await Deno.writeFile(denort, bytes.subarray(0, bytes.length - appended));
  const sum = await sha256(denort);
  if (sum !== DENORT_SHA256) throw new Error(`Not the runtime part that was expected: ${sum}`);
}
