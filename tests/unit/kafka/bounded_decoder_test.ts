import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { MalformedAnswerError } from "../../../src/kafka/bounded_decoder.ts";
import { type Decoder, newDecoder } from "../../../src/kafka/kafkajs.ts";

function refuses(bytes: readonly number[], read: (decoder: Decoder) => unknown): void {
  assert.throws(() => read(newDecoder(Buffer.from(bytes))), MalformedAnswerError);
}

Deno.test("boundDecoder() refuses what lies past the end", () => {
  refuses([0, 0, 0, 0, 0, 0, 0], (decoder) => decoder.readInt64());
  refuses([0, 3, 97, 98], (decoder) => decoder.readString());
  refuses([4, 97, 98], (decoder) => decoder.readUVarIntString());
  refuses([0, 0, 0, 2, 1], (decoder) => decoder.readBytes());
  refuses([1], (decoder) => decoder.readBytes(2));
  refuses([0x80, 0x80], (decoder) => decoder.readUVarInt());
});

Deno.test("boundDecoder() refuses lengths below zero, which would lead backwards", () => {
  refuses([0xff, 0xfe, 0, 0], (decoder) => decoder.readString());
  refuses([0xff, 0xff, 0xff, 0x00, 0, 0], (decoder) => decoder.readBytes());
  refuses([0x80, 0, 0, 0], (decoder) => decoder.readArray(() => 0));
});

Deno.test("boundDecoder() refuses counts that the bytes cannot hold, before anything is made of them", () => {
  refuses([0x7f, 0xff, 0xff, 0xff, 1], (decoder) => decoder.readArray(() => 0));
  refuses([0xff, 0xff, 0xff, 0xff, 0x0f, 1], (decoder) => decoder.readUVarIntArray(() => 0));
  refuses([0xff, 0xff, 0xff, 0xff, 0x0f, 1], (decoder) => decoder.readTaggedFields());
  refuses([0xff, 0xff, 0xff, 0xff, 0xff, 0xff], (decoder) => decoder.readUVarInt());
});

Deno.test("boundDecoder() reads what kafkajs read", () => {
  const decoder = newDecoder(
    Buffer.from([
      ...[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe], // -2
      ...[0xff, 0xff, 0, 1, 97], // null, "a"
      ...[0, 2, 98], // null, "b"
      ...[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 7], // null, one byte
      ...[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, 1, 2], // no array, an array of two
      ...[0, 2, 3], // no array, an array of one
      ...[1, 0, 2, 9, 9, 0x96, 0x01], // one tagged field of two bytes, 150
    ]),
  );
  assert.equal(decoder.readInt64().toString(), "-2");
  assert.deepEqual([decoder.readString(), decoder.readString()], [null, "a"]);
  assert.deepEqual([decoder.readUVarIntString(), decoder.readUVarIntString()], [null, "b"]);
  assert.deepEqual([decoder.readBytes(), [...decoder.readBytes()]], [null, [7]]);
  const byte = () => decoder.readInt8();
  assert.deepEqual([decoder.readArray(byte), decoder.readArray(byte)], [[], [1, 2]]);
  assert.deepEqual([decoder.readUVarIntArray(byte), decoder.readUVarIntArray(byte)], [null, [3]]);
  assert.equal(decoder.readTaggedFields(), null);
  assert.equal(decoder.readUVarInt(), 150);
});
