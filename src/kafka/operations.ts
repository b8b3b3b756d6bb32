/** What a broker says that we may do with a topic or a group (KIP-430): asked for without doing it. */

/** Codes of org.apache.kafka.common.acl.AclOperation, which are the bits of the answer. */
const OPERATION_CODE = { READ: 3, WRITE: 4, CREATE: 5, DESCRIBE: 8 } as const;

export type Operation = keyof typeof OPERATION_CODE;

/** The least integer: the broker does not tell. */
const NOT_TOLD = -2_147_483_648;

/** Null when the broker does not tell. */
export function toldOperations(bits: number): number | null {
  return bits === NOT_TOLD ? null : bits;
}

export function allows(operations: number, operation: Operation): boolean {
  return (operations & (1 << OPERATION_CODE[operation])) !== 0;
}
