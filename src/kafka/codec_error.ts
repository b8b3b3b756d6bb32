/** Why a batch could not be decompressed: the one error that the codecs throw. */
export class CodecError extends Error {
  override readonly name = "CodecError";
  readonly code: "unknown_codec" | "corrupt_compression" | "too_large_decompressed";

  constructor(code: CodecError["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** More than `maxBytes` would come out. */
export function tooLarge(codec: string, maxBytes: number): CodecError {
  return new CodecError(
    "too_large_decompressed",
    `Raise MAX_DECOMPRESSED_BYTES, a batch in ${codec} decompresses to more than: ${maxBytes}`,
  );
}

/** The bytes are not what the codec writes. */
export function corrupt(codec: string, what: string, cause?: unknown): CodecError {
  return new CodecError("corrupt_compression", `Cannot decompress ${codec}: ${what}`, cause);
}
