/** The workflows call tasks and files that there are, with the versions of everything else, and pinned actions. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { z } from "zod";
import project from "../../../deno.json" with { type: "json" };
import { isInProject, readProjectFile } from "../../support/deployed_program.ts";

const FOLDER = ".github/workflows";
const STEP = z.strictObject({
  name: z.string().optional(),
  uses: z.string().regex(/^[\w-]+\/[\w./-]+@[0-9a-f]{40}$/, "pinned by commit").optional(),
  with: z.record(z.string(), z.unknown()).optional(),
  env: z.record(z.string(), z.string()).optional(),
  run: z.string().optional(),
}).refine(({ uses, run }) => (uses === undefined) !== (run === undefined));
const PERMISSIONS = z.record(z.string(), z.enum(["read", "write"]));
const WORKFLOW = z.strictObject({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions: PERMISSIONS,
  concurrency: z.unknown().optional(),
  jobs: z.record(
    z.string(),
    z.strictObject({
      needs: z.string().optional(),
      if: z.string().optional(),
      "runs-on": z.literal("ubuntu-24.04"),
      container: z.strictObject({ image: z.string(), options: z.string() }).optional(),
      "timeout-minutes": z.int().max(60),
      permissions: PERMISSIONS.optional(),
      steps: z.array(STEP).min(1),
    }),
  ),
});
const names = ["test", "release", "image"];

async function load(name: string) {
  const text = await readProjectFile(`${FOLDER}/${name}.yml`);
  const workflow = WORKFLOW.parse(parse(text));
  const steps = Object.values(workflow.jobs).flatMap(({ steps }) => steps);
  return { text, workflow, steps, runs: steps.map(({ run }) => run ?? "").join("\n") };
}

Deno.test("workflows are those three, each with actions pinned by commit and the fewest rights", async () => {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(new URL(`../../../${FOLDER}`, import.meta.url))) {
    files.push(name);
  }
  assert.deepEqual(files.sort(), names.map((name) => `${name}.yml`).sort());
  for (const name of names) {
    const { workflow, steps, text } = await load(name);
    assert.equal(workflow.name, name);
    const writes = Object.entries(workflow.permissions).filter(([, right]) => right === "write");
    assert.deepEqual(writes, name === "release" ? [["contents", "write"]] : []);
    for (const { uses, with: options } of steps) {
      if (uses?.startsWith("actions/checkout@")) {
        assert.equal(options?.["persist-credentials"], false);
        assert.match(text, new RegExp(`uses: ${uses} # v\\d`), "says the version of the pin");
      }
    }
  }
});

Deno.test("workflows call tasks and scripts that exist, with the Deno of CI, and no other", async () => {
  const [, version] = (await readProjectFile(".ci/run")).match(/deno@([\d.]+)/) ?? [];
  const tasks: string[] = [];
  for (const name of names) {
    const { runs } = await load(name);
    for (const [, pinned, task = ""] of runs.matchAll(/deno@([\d.]+) task (\S+)/g)) {
      assert.equal(pinned, version);
      assert.ok(task in project.tasks, `${name} calls a task that is not there: ${task}`);
      tasks.push(task);
    }
    for (const [, path = ""] of runs.matchAll(/bash (\S+)/g)) {
      assert.ok(await isInProject(path), path);
      tasks.push(path);
    }
  }
  assert.deepEqual(tasks.sort(), [".ci/run", "release", "test:image"]);
});

Deno.test("the release workflow publishes what the release task writes, as a draft", async () => {
  const { runs, workflow } = await load("release");
  const script = await readProjectFile("tools/release.ts");
  for (const name of ["notes.md", "licenses.txt"]) {
    assert.ok(runs.includes(`dist/release/${name}`) && script.includes(`"${name}"`), name);
  }
  assert.ok(script.includes('default: "dist/release"'));
  assert.match(runs, /gh release create .*--draft/);
  assert.deepEqual(workflow.on, { push: { tags: ["v*"] } });
});

Deno.test("the image workflow pushes what the Dockerfile takes, for the platforms that it knows", async () => {
  const { runs } = await load("image");
  const dockerfile = await readProjectFile("Dockerfile");
  for (const [, name = ""] of runs.matchAll(/--build-arg (\w+)=/g)) {
    assert.match(dockerfile, new RegExp(`^ARG ${name}\\b`, "m"));
  }
  const [, platforms = ""] = /--platform (\S+)/.exec(runs) ?? [];
  for (const platform of platforms.split(",")) {
    assert.ok(dockerfile.includes(`${platform.replace("linux/", "")})`), platform);
  }
  assert.ok(!/docker build .*-t/.test(runs), "the tests build it");
});
