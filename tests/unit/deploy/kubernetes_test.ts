/** The manifests agree with the code: probes, port, settings, grace period, queries; and hang together. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import project from "../../../deno.json" with { type: "json" };
import { livez, readyz } from "../../../src/ops/health.ts";
import {
  assertGracePeriod,
  assertSettings,
  DEFAULTS,
  readProjectFile,
} from "../../support/deployed_program.ts";
import { unknownInQuery } from "../../support/metric_names.ts";

const BASE = "deploy/kubernetes/base";
const OVERLAY = "deploy/kubernetes/production";
const NAME = "processing-service";
const LABELS = { "app.kubernetes.io/name": NAME };

const BASE_KUSTOMIZATION = await manifest(`${BASE}/kustomization.yaml`);
const OVERLAY_KUSTOMIZATION = await manifest(`${OVERLAY}/kustomization.yaml`);
const { spec: DEPLOYMENT, metadata: DEPLOYMENT_METADATA } = await manifest(
  `${BASE}/deployment.yaml`,
);
const POD = DEPLOYMENT.template.spec;
const [CONTAINER] = POD.containers;

Deno.test("kustomizations list what is there, and nothing is forgotten", async () => {
  for (
    const [folder, { resources, patches = [] }] of [
      [BASE, BASE_KUSTOMIZATION],
      [OVERLAY, OVERLAY_KUSTOMIZATION],
    ] as const
  ) {
    const listed = [...resources, ...patches.map(({ path }: { path: string }) => path)];
    const files: string[] = [];
    for await (const { name } of Deno.readDir(new URL(`../../../${folder}`, import.meta.url))) {
      if (name !== "kustomization.yaml") files.push(name);
    }
    assert.deepEqual(listed.filter((each) => each !== "../base").sort(), files.sort(), folder);
  }
  assert.ok(OVERLAY_KUSTOMIZATION.resources.includes("../base"));
});

Deno.test("every manifest has the one name and selects the pods by their label", async () => {
  assert.equal(DEPLOYMENT_METADATA.name, NAME);
  assert.deepEqual(DEPLOYMENT.template.metadata.labels, LABELS);
  assert.deepEqual(DEPLOYMENT.selector.matchLabels, LABELS);
  const budget = await manifest(`${BASE}/pod-disruption-budget.yaml`);
  const policy = await manifest(`${BASE}/network-policy.yaml`);
  const service = await manifest(`${OVERLAY}/service.yaml`);
  const monitor = await manifest(`${OVERLAY}/service-monitor.yaml`);
  assert.deepEqual(budget.spec.selector.matchLabels, LABELS);
  assert.deepEqual(policy.spec.podSelector.matchLabels, LABELS);
  assert.deepEqual(service.spec.selector, LABELS);
  assert.deepEqual(monitor.spec.selector.matchLabels, service.metadata.labels);
  for (const { metadata } of [budget, policy, service, monitor]) {
    assert.deepEqual(metadata, { name: NAME, labels: LABELS });
  }
});

Deno.test("probes ask for life and readiness where the service answers, and life leaves time", () => {
  const { livenessProbe, readinessProbe, ports, startupProbe, lifecycle } = CONTAINER;
  assert.deepEqual(ports, [{ name: "http", containerPort: DEFAULTS.httpPort }]);
  assert.deepEqual(livenessProbe.httpGet, { path: `/${livez.name}`, port: "http" });
  assert.deepEqual(readinessProbe.httpGet, { path: `/${readyz.name}`, port: "http" });
  const { periodSeconds, failureThreshold } = livenessProbe;
  assert.ok(periodSeconds * failureThreshold >= 60, "docs/operations.md: a minute or so");
  assert.equal(startupProbe, undefined);
  assert.equal(lifecycle, undefined, "SIGTERM is all it needs");
});

Deno.test("a pod has longer to stop than it takes, and may do no more than it must", () => {
  assertGracePeriod(POD.terminationGracePeriodSeconds * 1000);
  assert.equal(POD.enableServiceLinks, false);
  assert.equal(POD.automountServiceAccountToken, false);
  assert.equal(POD.securityContext.runAsNonRoot, true);
  assert.deepEqual(CONTAINER.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  const { rollingUpdate } = DEPLOYMENT.strategy;
  assert.deepEqual(rollingUpdate, { maxUnavailable: 0, maxSurge: 1 });
});

Deno.test("settings are such that the service takes, of the base and with the overlay; secrets by file only", () => {
  const base = { ...literals(BASE_KUSTOMIZATION), ...variables(CONTAINER.env) };
  assertSettings(base);
  assert.equal(base["HTTP_HOST"], "0.0.0.0");
  const overlay = literals(OVERLAY_KUSTOMIZATION);
  assertSettings({ ...base, ...overlay });
  for (const name of Object.keys(overlay)) {
    if (/PASSWORD|SECRET|PASSPHRASE/.test(name)) assert.match(name, /_FILE$/);
  }
  const [{ configMapRef }] = CONTAINER.envFrom;
  for (const { configMapGenerator } of [BASE_KUSTOMIZATION, OVERLAY_KUSTOMIZATION]) {
    assert.equal(configMapGenerator[0].name, configMapRef.name);
  }
});

Deno.test("the file of each secret lies in a mounted folder that the program may read", async () => {
  const patch = await manifest(`${OVERLAY}/secret-files.yaml`);
  const { containers: [container], volumes: [volume] } = patch.spec.template.spec;
  const [mount] = container.volumeMounts;
  assert.equal(container.name, CONTAINER.name);
  assert.equal(mount.name, volume.name);
  const permissions = await readProjectFile("tools/permissions.txt");
  const readable = /--allow-read=(\S+)/.exec(permissions)?.[1]?.split(",") ?? [];
  assert.ok(readable.some((each) => mount.mountPath.startsWith(`${each}/`)), mount.mountPath);
  const files = Object.entries(literals(OVERLAY_KUSTOMIZATION))
    .filter(([name]) => name.endsWith("_FILE"));
  assert.ok(files.length > 0);
  for (const [name, path] of files) assert.ok(path.startsWith(`${mount.mountPath}/`), name);
});

Deno.test("brokers are on ports that the network policy lets through, and metrics on ours", async () => {
  const { spec } = await manifest(`${BASE}/network-policy.yaml`);
  const open = spec.egress.flatMap(({ ports }: { ports: { port: number }[] }) =>
    ports.map(({ port }) => port)
  );
  for (const kustomization of [BASE_KUSTOMIZATION, OVERLAY_KUSTOMIZATION]) {
    for (const broker of literals(kustomization)["KAFKA_BROKERS"]?.split(",") ?? []) {
      assert.ok(open.includes(Number(broker.split(":")[1])), broker);
    }
  }
  const [{ ports: [metrics] }] = spec.ingress;
  assert.equal(metrics.port, "http");
  const service = await manifest(`${OVERLAY}/service.yaml`);
  assert.deepEqual(service.spec.ports, [
    { name: "http", port: DEFAULTS.httpPort, targetPort: "http" },
  ]);
  const monitor = await manifest(`${OVERLAY}/service-monitor.yaml`);
  assert.equal(monitor.spec.endpoints[0].port, "http");
  assert.equal(monitor.spec.endpoints[0].path, "/metrics");
});

Deno.test("KEDA scales the Deployment by a query of metrics that exist, and nobody else sets replicas", async () => {
  const { spec } = await manifest(`${OVERLAY}/scaled-object.yaml`);
  assert.equal(spec.scaleTargetRef.name, NAME);
  const [{ metadata: { query } }] = spec.triggers;
  assert.deepEqual(unknownInQuery(query), []);
  assert.ok(query.includes(`topic="${literals(BASE_KUSTOMIZATION)["KAFKA_TOPIC"]}"`));
  assert.ok(spec.minReplicaCount <= spec.maxReplicaCount);
  const patch = await manifest(`${OVERLAY}/replicas.yaml`);
  assert.deepEqual(patch, [{ op: "remove", path: "/spec/replicas" }]);
});

Deno.test("the image is that of this version, the one that the overlay replaces", () => {
  const [{ name, newTag }] = OVERLAY_KUSTOMIZATION.images;
  assert.equal(CONTAINER.image, `${name}:${project.version}`);
  assert.equal(newTag, project.version);
});

async function manifest(path: string) {
  return parse(await readProjectFile(path));
}

interface Kustomization {
  readonly configMapGenerator: readonly [{ readonly literals: readonly string[] }];
}

function literals({ configMapGenerator }: Kustomization): Record<string, string> {
  return Object.fromEntries(configMapGenerator[0].literals.map((each) => {
    const at = each.indexOf("=");
    return [each.slice(0, at), each.slice(at + 1)];
  }));
}

function variables(env: readonly { readonly name: string; readonly value: string }[]) {
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}
