/** The manifests are what Kubernetes' own schemas say, strictly: no field that it does not know. */
import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { cached } from "../support/cache.ts";
import { run, runForResult, succeeds } from "../support/command.ts";
import { testIfPossible } from "../support/test_if_possible.ts";

const PACKAGE = "kubernetes-validate==1.37.0";
const DEADLINE_MS = 120_000;
const FOLDER = new URL("../../deploy/kubernetes/", import.meta.url);
/** What Kubernetes itself knows; the others belong to KEDA and to the Prometheus operator, patches to kustomize. */
const OWN_GROUPS = /^(?:v1|apps\/v1|policy\/v1|networking\.k8s\.io\/v1)$/;
const PATCHES = new Set(["production/replicas.yaml", "production/secret-files.yaml"]);
/** A field that is not there, as a check of the check. */
const WRONG =
  "apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { ports: [], port: 1 }\n";

const directory = await validator();

testIfPossible(
  "every manifest that Kubernetes knows passes its own schema, strictly",
  directory === null ? `no Python to install ${PACKAGE}` : null,
  async () => {
    const files: string[] = [];
    for (const folder of ["base", "production"]) {
      for await (const { name } of Deno.readDir(new URL(`${folder}/`, FOLDER))) {
        const file = `${folder}/${name}`;
        if (!PATCHES.has(file) && await isOwn(file)) files.push(file);
      }
    }
    assert.ok(files.length >= 4, String(files));
    const paths = files.map((file) => new URL(file, FOLDER).pathname);
    const { code, stdout, stderr } = await validate(paths);
    assert.equal(code, 0, stdout + stderr);
    const wrong = await Deno.makeTempFile({ suffix: ".yaml" });
    try {
      await Deno.writeTextFile(wrong, WRONG);
      assert.notEqual((await validate([wrong])).code, 0);
    } finally {
      await Deno.remove(wrong);
    }
  },
);

async function isOwn(file: string): Promise<boolean> {
  const documents = parseAllDocuments(await Deno.readTextFile(new URL(file, FOLDER)));
  return documents.every((each) => OWN_GROUPS.test(String(each.toJS().apiVersion)));
}

async function validate(paths: readonly string[]) {
  const program = "import sys, kubernetes_validate.__main__ as m; sys.exit(m.main())";
  return await runForResult(["python3", "-c", program, "--strict", ...paths], {
    env: { PYTHONPATH: directory ?? "" },
    deadlineMs: DEADLINE_MS,
  });
}

/** Where it is installed; null where it cannot be. */
async function validator(): Promise<string | null> {
  if (!await succeeds(["python3", "-m", "pip", "--version"], DEADLINE_MS)) return null;
  const version = ["python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"];
  const python = (await run(version, { deadlineMs: DEADLINE_MS })).trim();
  const entry = `python-${python}/${PACKAGE.replace("==", "-")}`;
  try {
    return await cached(entry, async (draft) => {
      const pip = ["python3", "-m", "pip", "install", "--quiet", "--target", draft, PACKAGE];
      await run(pip, { deadlineMs: DEADLINE_MS });
    });
  } catch {
    return null;
  }
}
