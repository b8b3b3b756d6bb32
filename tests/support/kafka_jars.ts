/**
 * Apache Kafka as jars from Maven Central: the broker, its clients and its command line tools, each with its
 * own class path. Needs `mvn` to fetch and Java 17 or later to run.
 */
import { cached } from "./cache.ts";
import { commandExists, run, runForResult } from "./command.ts";

/** The version of Kafka that tests run on; `KAFKA_VERSION` chooses another one. */
export const DEFAULT_KAFKA_VERSION = "4.4.0";
/** The newest kafka-tools on Maven Central; it speaks with older and newer brokers alike. */
const TOOLS_VERSION = "4.3.1";
const MAVEN_DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";
/** Kafka 4 runs on nothing older. */
const MIN_JAVA_VERSION = 17;
const FETCH_DEADLINE_MS = 300_000;

/** `KAFKA_VERSION`, or the default. */
export function kafkaVersion(): string {
  return Deno.env.get("KAFKA_VERSION") || DEFAULT_KAFKA_VERSION;
}

/** Class path of a broker of that version, Java clients included. Downloads once, about 45 MB. */
export async function brokerClassPath(version: string): Promise<string> {
  const directory = await cached(
    `kafka/${version}`,
    (draft) => fetchJars(draft, [`kafka_2.13:${version}`]),
  );
  return `${directory}/*`;
}

/** Class path of the command line tools, `org.apache.kafka.tools.consumer.group.ConsumerGroupCommand` for one. */
export async function toolsClassPath(): Promise<string> {
  const directory = await cached(
    `kafka/tools-${TOOLS_VERSION}`,
    (draft) => fetchJars(draft, [`kafka_2.13:${TOOLS_VERSION}`, `kafka-tools:${TOOLS_VERSION}`]),
  );
  return `${directory}/*`;
}

/** Why jars cannot be run here, as a phrase for a test's name; null when they can. */
export async function jarsMissing(): Promise<string | null> {
  const java = await javaVersion();
  if (java === null) return `no Java ${MIN_JAVA_VERSION}`;
  if (java < MIN_JAVA_VERSION) return `Java ${java} is older than ${MIN_JAVA_VERSION}`;
  return await commandExists("mvn") ? null : "no Maven (mvn)";
}

async function fetchJars(directory: string, artifacts: readonly string[]): Promise<void> {
  const dependencies = [
    ...artifacts.map((artifact) => dependency(`org.apache.kafka:${artifact}`)),
    // Kafka brings the interface only; this prints its log lines.
    dependency("org.slf4j:slf4j-simple:1.7.36"),
  ];
  const project = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>processing-service</groupId><artifactId>test-kafka</artifactId><version>1</version>
  <dependencies>${dependencies.join("")}</dependencies>
</project>
`;
  const pom = await Deno.makeTempFile({ prefix: "processing-service-", suffix: ".pom.xml" });
  try {
    await Deno.writeTextFile(pom, project);
    const goal = `${MAVEN_DEPENDENCY_PLUGIN}:copy-dependencies`;
    await run(["mvn", "-q", "-B", "-f", pom, goal, `-DoutputDirectory=${directory}`], {
      deadlineMs: FETCH_DEADLINE_MS,
    });
  } finally {
    await Deno.remove(pom);
  }
}

function dependency(coordinates: string): string {
  const [group, artifact, version] = coordinates.split(":");
  return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>` +
    `<version>${version}</version></dependency>`;
}

/** The major version of `java` on the path: 17 for 17.0.15. Null when there is none. */
async function javaVersion(): Promise<number | null> {
  if (!await commandExists("java")) return null;
  const { stderr } = await runForResult(["java", "-version"], { deadlineMs: 20_000 });
  const major = /version "(\d+)/.exec(stderr)?.[1];
  return major === undefined ? null : Number(major);
}
