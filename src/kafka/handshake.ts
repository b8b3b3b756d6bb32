/**
 * What a new connection goes through before its first request: which versions the broker speaks, whether these do, and
 * authentication.
 */
import type { Connection, VersionRange } from "./kafkajs.ts";
import { type ApiRequest, fromKafkajs, REQUIRED_APIS, type Throttled } from "./protocol.ts";

/** A broker is too old, or too new, for a request that we cannot do without. */
export class UnsupportedBrokerError extends Error {
  override readonly name = "UnsupportedBrokerError";
}

type ApiVersionsAnswer = Throttled & {
  readonly apiVersions: readonly (VersionRange & { readonly apiKey: number })[];
};

/** @throws UnsupportedBrokerError, or what kafkajs throws */
export async function handshake(
  connection: Connection,
  { broker, pause }: { readonly broker: string; readonly pause: (ms: number) => Promise<void> },
): Promise<void> {
  await connection.connect();
  const request = fromKafkajs<ApiVersionsAnswer>("ApiVersions", {});
  const version = request.maxVersion;
  const answer = await connection.send({
    request: request.encode(version),
    response: {
      decode: async (payload) => await request.decode(payload, version),
      parse: (decoded) => Promise.resolve(decoded),
    },
    logResponseError: false,
  }) as ApiVersionsAnswer;
  if (answer.throttleTimeMs > 0) await pause(answer.throttleTimeMs);
  const versions = Object.fromEntries(answer.apiVersions.map((each) => [each.apiKey, each]));
  checkBroker(versions, broker);
  connection.setVersions(versions);
  connection.setSupportAuthenticationProtocol(true);
  await connection.authenticate();
}

/** Names everything that a broker lacks at once. */
function checkBroker(versions: Readonly<Record<number, VersionRange>>, broker: string): void {
  const lacking = REQUIRED_APIS.filter(({ apiKey, version }) => {
    const range = versions[apiKey];
    return range === undefined || range.maxVersion < version;
  });
  if (lacking.length === 0) return;
  const list = lacking.map(({ apiName, version }) => `${apiName} version ${version}`).join(", ");
  throw new UnsupportedBrokerError(
    `Use brokers of Apache Kafka 2.3 or newer, ${broker} lacks: ${list}`,
  );
}

/** The highest version that both speak. @throws UnsupportedBrokerError */
export function agreedVersion(
  versions: Readonly<Record<number, VersionRange>>,
  request: ApiRequest<unknown>,
  broker: string,
): number {
  const range = versions[request.apiKey];
  const version = Math.min(request.maxVersion, range?.maxVersion ?? -1);
  if (range !== undefined && version >= Math.max(request.minVersion, range.minVersion)) {
    return version;
  }
  const offered = range === undefined ? "nothing" : `${range.minVersion} to ${range.maxVersion}`;
  throw new UnsupportedBrokerError(
    `${broker} does not speak ${request.apiName} version ${request.minVersion} to ` +
      `${request.maxVersion}, it offers: ${offered}`,
  );
}
