/** The exact versions of everything that peers are made of: the one place where they stand. */

export const VERSIONS = {
  npm: {
    "@platformatic/kafka": "2.12.1",
    "kafkajs": "2.2.4",
    "kafkajs-snappy": "1.1.0",
    "zod": "4.6.7",
  },
  pip: {
    "aiokafka": "0.14.0",
    "confluent-kafka": "2.16.1",
    // With it aiokafka unpacks snappy.
    "cramjam": "2.14.0",
    "msgspec": "0.22.0",
    "orjson": "3.13.0",
    "pydantic": "2.14.4",
  },
  go: {
    "github.com/bytedance/sonic": "v1.15.5",
    "github.com/twmb/franz-go": "v1.22.2",
  },
} as const;

/** `name-1.2.3` of each, for names of folders: another version is another folder. */
export function versionKey(versions: Readonly<Record<string, string>>): string {
  const names = Object.entries(versions).map(([name, version]) =>
    `${name.split("/").at(-1)}-${version}`
  );
  return names.join("_");
}
