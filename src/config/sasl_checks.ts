/** Which settings of SASL each mechanism needs, and which it has no use for. */
import { type Config, fieldOf, SETTING_NAMES, type SettingName } from "./settings.ts";

type Values = Partial<Config>;

const USER_AND_PASSWORD = ["KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"] as const;
const TOKEN = "KAFKA_SASL_OAUTHBEARER_TOKEN";
const ENDPOINT = "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL";
const CLIENT = [
  "KAFKA_SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_ID",
  "KAFKA_SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_SECRET",
] as const;
/** Of no use with a token that is given. */
const FOR_ENDPOINT: readonly SettingName[] = [
  ...CLIENT,
  "KAFKA_SASL_OAUTHBEARER_CA",
  "KAFKA_SASL_OAUTHBEARER_SCOPE",
];

/** One line for each setting that is missing, or of no use. */
export function saslProblems(values: Values): readonly string[] {
  const mechanism = values.kafkaSaslMechanism;
  if (mechanism === undefined) return [];
  if (mechanism === "oauthbearer") return oauthProblems(values);
  const problems = SETTING_NAMES
    .filter((name) => name.startsWith("KAFKA_SASL_OAUTHBEARER_") && isGiven(values, name))
    .map((name) => `${name}: needs KAFKA_SASL_MECHANISM=oauthbearer`);
  for (const name of USER_AND_PASSWORD) {
    if (mechanism === "none" && isGiven(values, name)) {
      problems.push(`${name}: needs a KAFKA_SASL_MECHANISM other than none`);
    }
    if (mechanism !== "none" && isMissing(values, name)) {
      problems.push(`${name}: required by KAFKA_SASL_MECHANISM=${mechanism}`);
    }
  }
  return problems;
}

function oauthProblems(values: Values): readonly string[] {
  const problems = USER_AND_PASSWORD.filter((name) => isGiven(values, name))
    .map((name) => `${name}: of no use to KAFKA_SASL_MECHANISM=oauthbearer`);
  if (isMissing(values, TOKEN) && isMissing(values, ENDPOINT)) {
    problems.push(`${TOKEN} or ${ENDPOINT}: required by KAFKA_SASL_MECHANISM=oauthbearer`);
  }
  if (isGiven(values, TOKEN) && isGiven(values, ENDPOINT)) {
    problems.push(`${TOKEN}: given together with ${ENDPOINT}, only one may be`);
  }
  if (isGiven(values, ENDPOINT)) {
    for (const name of CLIENT) {
      if (isMissing(values, name)) problems.push(`${name}: required by ${ENDPOINT}`);
    }
  } else if (isMissing(values, ENDPOINT)) {
    for (const name of FOR_ENDPOINT) {
      if (isGiven(values, name)) problems.push(`${name}: needs ${ENDPOINT}`);
    }
  }
  return problems;
}

/** Wrong values count as neither: they are told already. */
function isMissing(values: Values, name: SettingName): boolean {
  return values[fieldOf(name)] === null;
}

/** Switches that are off, as by default, are not given. */
function isGiven(values: Values, name: SettingName): boolean {
  return Boolean(values[fieldOf(name)] ?? false);
}
