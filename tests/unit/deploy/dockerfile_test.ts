/** The Dockerfile builds with the version that is tested, from what is not ignored, and starts what the program knows. */
import assert from "node:assert/strict";
import project from "../../../deno.json" with { type: "json" };
import { targetNamed } from "../../../tools/compile/targets.ts";
import {
  assertCommandLine,
  assertSettings,
  DEFAULTS,
  isInProject,
  readProjectFile,
} from "../../support/deployed_program.ts";

const DOCKERFILE = await readProjectFile("Dockerfile");
const IGNORED = await readProjectFile(".dockerignore");

Deno.test("Dockerfile pins Deno to the version of CI, and the label to that of the service", async () => {
  const [, pinned] = (await readProjectFile(".ci/run")).match(/deno@([\d.]+)/) ?? [];
  assert.ok(pinned !== undefined);
  assert.equal(argument("DENO_VERSION"), pinned);
  assert.equal(argument("VERSION"), project.version);
  const images = [...DOCKERFILE.matchAll(/^FROM (?:--platform=\S+ )?(\S+)/gm)].map(([, it]) => it);
  assert.deepEqual(images, [
    "docker.io/denoland/deno:${DENO_VERSION}",
    "gcr.io/distroless/cc-debian12:nonroot",
  ]);
});

Deno.test("Dockerfile copies what exists and is not ignored, the members of the workspace among it", async () => {
  const sources = [...DOCKERFILE.matchAll(/^COPY (?!--from)(.+)$/gm)]
    .flatMap(([, words = ""]) => words.split(" ").slice(0, -1));
  const kept = [...IGNORED.matchAll(/^!(.+)$/gm)].map(([, path = ""]) => path);
  assert.match(IGNORED, /^\*$/m);
  for (const source of sources) {
    assert.ok(await isInProject(source), `${source} does not exist`);
    assert.ok(kept.some((path) => source === path || source.startsWith(`${path}/`)), source);
  }
  for (const path of kept) assert.ok(sources.includes(path), `${path} is not read`);
  for (const member of project.workspace) {
    assert.ok(sources.includes(`${member.slice(2)}/deno.json`), member);
  }
});

Deno.test("Dockerfile compiles as deno task compile does, for the architectures that it knows", () => {
  assert.ok(DOCKERFILE.includes(`${project.tasks.compile.command} --commit="$REVISION" $target`));
  const targets = [...DOCKERFILE.matchAll(/target="--target=(\S+)"/g)].map(([, name = ""]) => name);
  assert.deepEqual(targets.map((name) => targetNamed(name).os), ["linux", "linux"]);
  assert.deepEqual(targets.map((name) => targetNamed(name).arch), ["x86_64", "aarch64"]);
});

Deno.test("Dockerfile starts and asks the one file by its path, without a shell, as nobody", async () => {
  const [, file = ""] = DOCKERFILE.match(/^COPY --from=build \S+ (\S+)$/m) ?? [];
  const entrypoint = list("ENTRYPOINT");
  const [program, ...args] = list("  CMD");
  assert.deepEqual(entrypoint, [file]);
  assert.equal(program, file);
  assert.deepEqual(args, ["healthcheck"]);
  await assertCommandLine(args);
  assert.match(
    DOCKERFILE,
    /^WORKDIR \/\n(?:#.*\n)*USER nonroot$/m,
    "any user may look for .env there",
  );
  assert.match(DOCKERFILE, /^STOPSIGNAL SIGTERM$/m);
});

Deno.test("Dockerfile serves health where it says, with settings that the service takes", () => {
  assert.equal(DOCKERFILE.match(/^EXPOSE (\d+)$/m)?.[1], String(DEFAULTS.httpPort));
  const [block = ""] = DOCKERFILE.match(/^ENV (?:.*\\\n)*.*$/m) ?? [];
  const env = Object.fromEntries(
    [...block.matchAll(/([A-Z_]+)=(\S+)/g)].map(([, name = "", value = ""]) => [name, value]),
  );
  assert.deepEqual(Object.keys(env), ["HTTP_HOST", "DENO_USE_CGROUPS"]);
  assert.equal(env["HTTP_HOST"], "0.0.0.0");
  assertSettings(env);
});

function argument(name: string): string | undefined {
  return DOCKERFILE.match(new RegExp(`^ARG ${name}=(\\S+)$`, "m"))?.[1];
}

function list(instruction: string): readonly string[] {
  const [, json] = DOCKERFILE.match(new RegExp(`^${instruction} (\\[.*\\])$`, "m")) ?? [];
  return JSON.parse(json ?? "[]");
}
