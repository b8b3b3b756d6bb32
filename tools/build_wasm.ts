/**
 * `deno task build:wasm`: compiles the sources in assembly/ to the .wasm files in src/, which are kept with them. The
 * same source gives the same bytes: a test compiles them anew and compares.
 */
import asc from "assemblyscript/asc";

/** What stands in assembly/, and which file of src/ comes of it. */
export const MODULES: readonly { readonly source: string; readonly wasm: string }[] = [
  { source: "assembly/scanner.ts", wasm: "src/processing/scanner.wasm" },
  { source: "assembly/snappy.ts", wasm: "src/kafka/snappy.wasm" },
];

const ROOT = new URL("../", import.meta.url);
const OUTPUT = "module.wasm";
/** No garbage collector and no imports: memory and numbers are all that goes in and out. */
const OPTIONS = ["-O3", "--runtime", "stub", "--enable", "simd", "--use", "abort="];

if (import.meta.main) {
  for (const { source, wasm } of MODULES) {
    const bytes = await compileModule(source);
    await Deno.writeFile(new URL(wasm, ROOT), bytes);
    console.log(`${wasm}: ${bytes.length} bytes`);
  }
}

/** @throws Error with what the compiler has to say */
export async function compileModule(source: string): Promise<Uint8Array> {
  let output: Uint8Array | null = null;
  const { error, stderr } = await asc.main([source, ...OPTIONS, "-o", OUTPUT], {
    readFile: (name) => readText(name),
    writeFile: (_name, contents) => {
      if (typeof contents !== "string") output = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || output === null) {
    throw new Error(`Correct the source, it does not compile: ${source}\n${stderr.toString()}`);
  }
  return output;
}

async function readText(name: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(new URL(name, ROOT));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
