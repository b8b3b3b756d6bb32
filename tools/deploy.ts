/** `deno task deploy:generate`: writes the files that follow from the table of metrics. */
import { ALERTS_DOC, alertTable, generatedFiles, withAlertTable } from "./deploy/files.ts";

const ROOT = new URL("../", import.meta.url);

for (const [path, content] of generatedFiles()) {
  await Deno.mkdir(new URL("./", new URL(path, ROOT)), { recursive: true });
  await Deno.writeTextFile(new URL(path, ROOT), content);
  console.log(path);
}
const operations = new URL(ALERTS_DOC.path, ROOT);
const text = await Deno.readTextFile(operations);
await Deno.writeTextFile(operations, withAlertTable(text, alertTable()));
console.log(ALERTS_DOC.path);
