/** The guards of credentials and rights, as those of mutations.ts. */
import type { Mutation, NamedTest } from "./mutations.ts";

const ACCESS = "src/kafka/access.ts";

export const ACCESS_MUTATIONS: readonly Mutation[] = [
  {
    guard: "a refused right is final after AUTH_RETRY_MS",
    file: ACCESS,
    from: "clock.schedule(giveUpMs, () => this.#giveUp(key));",
    to: "clock.schedule(giveUpMs, () => {});",
    tests: [inAccess("Access says final when a refusal has lasted for AUTH_RETRY_MS")],
  },
  {
    guard: "a refusal is told once",
    file: ACCESS,
    from: "    if (held !== undefined) {\n      held.lastAt",
    to:
      "    if (held !== undefined) {\n      telemetry.accessRefused({ reason, giveUpMs: null });\n      held.lastAt",
    tests: [
      inAccess(
        "Access tells refused credentials once for all connections, and once that they are taken",
      ),
    ],
  },
  {
    guard: "the answer to an OAuth challenge is a refusal",
    file: "src/kafka/oauth_bearer.ts",
    from: `      if (challenge === "") return;`,
    to: `      if (challenge !== null) return;`,
    tests: [{
      file: "tests/unit/kafka/oauth_bearer_test.ts",
      name: "oauthBearerProvider() takes a challenge for the refusal that it is",
    }],
  },
  {
    guard: "`latest` reads a topic that is created again from its beginning",
    file: "src/kafka/positions.ts",
    from: "if (this.#options.wasRecreated(own.topic)) {",
    to: "if (own.topic === null) {",
    tests: [{
      file: "tests/unit/kafka/positions_test.ts",
      name:
        "Positions.start() by AUTO_OFFSET_RESET=latest starts a topic that was created again at its beginning",
    }],
  },
  {
    guard: "a token is renewed before its end",
    file: "src/kafka/access_tokens.ts",
    from: "const RENEW_FROM = 0.6;\nconst RENEW_TO = 0.7;",
    to: "const RENEW_FROM = 1;\nconst RENEW_TO = 1;",
    tests: [{
      file: "tests/unit/kafka/access_tokens_test.ts",
      name: "AccessTokens renews a token well before its end, without anybody asking",
    }],
  },
  {
    guard: "a broker that throttles is obeyed",
    file: "src/kafka/connections.ts",
    from: "    open.throttledUntil = Math.max(open.throttledUntil, until);\n",
    to: "",
    tests: [{
      file: "tests/integration/throttle_test.ts",
      name: "a broker that throttles is obeyed, by every request on the connection",
    }],
  },
];

function inAccess(name: string): NamedTest {
  return { file: "tests/unit/kafka/access_test.ts", name };
}
