import assert from "node:assert/strict";
import { compileModule, MODULES } from "../../../tools/build_wasm.ts";

const ROOT = new URL("../../../", import.meta.url);

for (const { source, wasm } of MODULES) {
  Deno.test(`${wasm} is what ${source} compiles to, byte for byte`, async () => {
    const kept = await Deno.readFile(new URL(wasm, ROOT));
    assert.deepEqual(await compileModule(source), kept, "run: deno task build:wasm");
  });
}
