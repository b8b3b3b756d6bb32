import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  array,
  boolean,
  byteChunks,
  bytes,
  type Codec,
  int16,
  int32,
  int64,
  int8,
  nullableArray,
  nullableBytes,
  nullableString,
  since,
  string,
  struct,
  uuid,
  versions,
} from "../../../../src/broker/wire/codec.ts";
import { MalformedRequestError, WireReader } from "../../../../src/broker/wire/reader.ts";
import { WireWriter } from "../../../../src/broker/wire/writer.ts";

interface Encoding {
  readonly version?: number;
  readonly flexible: boolean;
}

function encode<T>(codec: Codec<T>, value: T, { version = 0, flexible }: Encoding): Buffer {
  const writer = new WireWriter({ flexible });
  codec.write(writer, value, version);
  const encoded = Buffer.concat(writer.chunks());
  assert.equal(writer.size, encoded.length);
  return encoded;
}

function decode<T>(codec: Codec<T>, encoded: Uint8Array, { version = 0, flexible }: Encoding): T {
  const reader = new WireReader(encoded, { flexible });
  const value = codec.read(reader, version);
  assert.equal(reader.left, 0);
  return value;
}

const EVERYTHING = struct({
  boolean,
  int8,
  int16,
  int32,
  int64,
  uuid,
  string,
  nullableString,
  bytes,
  nullableBytes,
  array: array(struct({ name: string, numbers: array(int32) })),
  nullableArray: nullableArray(string),
});

const SAMPLE = {
  boolean: true,
  int8: -128,
  int16: -2,
  int32: 2 ** 31 - 1,
  int64: -(2 ** 53 - 1),
  uuid: "0123456789abcdef0123456789abcdef",
  string: "häßlich",
  nullableString: null,
  bytes: Buffer.from([1, 2, 3]),
  nullableBytes: null,
  array: [{ name: "a", numbers: [1, 2] }, { name: "", numbers: [] }],
  nullableArray: null,
};

for (const flexible of [false, true]) {
  Deno.test(`struct() reads what it wrote (${flexible ? "flexible" : "plain"})`, () => {
    assert.deepEqual(
      decode(EVERYTHING, encode(EVERYTHING, SAMPLE, { flexible }), { flexible }),
      SAMPLE,
    );
  });
}

Deno.test("struct() writes the bytes of the protocol guide", () => {
  const codec = struct({ name: string, ids: array(int16) });
  const value = { name: "ab", ids: [5] };
  const plain = encode(codec, value, { flexible: false });
  assert.equal(plain.toString("hex"), "0002" + "6162" + "00000001" + "0005");
  const flexible = encode(codec, value, { flexible: true });
  assert.equal(flexible.toString("hex"), "03" + "6162" + "02" + "0005" + "00");
});

Deno.test("struct() skips tags that it does not know", () => {
  const codec = struct({ id: int8 });
  const withTags = Buffer.from(
    "07" + "02" + "00" + "01" + "ff" + "81" + "01" + "02" + "aabb",
    "hex",
  );
  assert.deepEqual(decode(codec, withTags, { flexible: true }), { id: 7 });
});

Deno.test("since() and versions() read and write a field in its versions only", () => {
  const codec = struct({ id: int8, late: since(3, int8, -1), middle: versions([1, 2], int8, 0) });
  const value = { id: 1, late: 2, middle: 3 };
  const inVersion = (version: number) => {
    const encoding = { version, flexible: false };
    const encoded = encode(codec, value, encoding);
    return [encoded.toString("hex"), decode(codec, encoded, encoding)];
  };
  assert.deepEqual(inVersion(0), ["01", { id: 1, late: -1, middle: 0 }]);
  assert.deepEqual(inVersion(2), ["0103", { id: 1, late: -1, middle: 3 }]);
  assert.deepEqual(inVersion(3), ["0102", { id: 1, late: 2, middle: 0 }]);
});

Deno.test("byteChunks writes its pieces as one byte string", () => {
  const pieces = [Buffer.alloc(2000, 1), Buffer.alloc(3, 2), Buffer.alloc(2000, 3)];
  for (const flexible of [false, true]) {
    const encoded = encode(byteChunks, pieces, { flexible });
    assert.deepEqual(decode(byteChunks, encoded, { flexible }), [Buffer.concat(pieces)]);
  }
});

Deno.test("WireWriter keeps long byte strings by reference", () => {
  const long = Buffer.alloc(5000);
  const writer = new WireWriter({ flexible: false });
  writer.int32(1);
  writer.bytes(long);
  writer.int32(2);
  assert.ok(writer.chunks().includes(long));
});

Deno.test("WireReader refuses to read past the end, whatever a length says", () => {
  const tooLong = [
    [string, "0005" + "6162", false],
    [bytes, "7fffffff" + "00", false],
    [array(int8), "7fffffff" + "00", false],
    [string, "ffffffff0f" + "00", true],
    [bytes, "ffffffffff", true],
    [int64, "00", false],
  ] as const;
  for (const [codec, hex, flexible] of tooLong) {
    const reader = new WireReader(Buffer.from(hex, "hex"), { flexible });
    assert.throws(() => codec.read(reader, 0), MalformedRequestError, hex);
  }
});

Deno.test("string and array() refuse null", () => {
  const reader = () => new WireReader(Buffer.from("ffffffff", "hex"), { flexible: false });
  assert.throws(() => string.read(reader(), 0), MalformedRequestError);
  assert.throws(() => array(int8).read(reader(), 0), MalformedRequestError);
});

Deno.test("WireWriter.unsignedVarint() round-trips at the borders of its bytes", () => {
  for (const value of [0, 1, 127, 128, 16383, 16384, 2 ** 21, 2 ** 28, 2 ** 31 - 1]) {
    const writer = new WireWriter({ flexible: true });
    writer.unsignedVarint(value);
    const reader = new WireReader(Buffer.concat(writer.chunks()), { flexible: true });
    assert.equal(reader.unsignedVarint(), value);
  }
});
