/** Why a coordinator refuses us, and what to do: each text names the setting or the right that is wrong. */
import { ERROR_CODE, errorCodeText, isAuthorizationCode } from "./error_codes.ts";
import { PROTOCOLS, type Refusal } from "./generation.ts";

interface GroupSettings {
  readonly groupId: string;
  readonly groupInstanceId: string | null;
  readonly sessionTimeoutMs: number;
}

/** An error code of the coordinator that is neither about who coordinates nor about our membership, in words. */
export function groupRefusal(
  { api, code }: { readonly api: string; readonly code: number },
  settings: GroupSettings,
): Refusal {
  const { groupId, groupInstanceId, sessionTimeoutMs } = settings;
  const name = errorCodeText(code);
  switch (code) {
    case ERROR_CODE.FENCED_INSTANCE_ID:
      return {
        of: "group",
        code,
        final: true,
        text: `Give each process its own KAFKA_GROUP_INSTANCE_ID, another one runs with: ` +
          `${groupInstanceId}`,
      };
    case ERROR_CODE.INCONSISTENT_GROUP_PROTOCOL:
      return {
        of: "group",
        code,
        final: true,
        text: `Change KAFKA_GROUP_ID or the other members of group ${groupId}, they share none ` +
          `of our assignors: ${PROTOCOLS.join(", ")}`,
      };
    case ERROR_CODE.INVALID_SESSION_TIMEOUT:
      return {
        of: "group",
        code,
        final: true,
        text: `Change SESSION_TIMEOUT_MS, the broker allows group.min.session.timeout.ms to ` +
          `group.max.session.timeout.ms: ${sessionTimeoutMs}`,
      };
    case ERROR_CODE.INVALID_GROUP_ID:
      return { of: "group", code, final: true, text: `Change KAFKA_GROUP_ID: ${groupId}` };
    default: {
      const text = isAuthorizationCode(code)
        ? `Allow this user to READ group ${groupId}, ${api} was refused: ${name}`
        : `${api} of group ${groupId} failed: ${name}`;
      return { of: "group", code, text, final: false };
    }
  }
}
