/** The part of protobuf's wire format that is needed to read OTLP requests, without generated code. */

type WireField =
  | { readonly number: number; readonly wire: "varint"; readonly value: bigint }
  | { readonly number: number; readonly wire: "fixed64"; readonly value: bigint; readonly double: number }
  | { readonly number: number; readonly wire: "bytes"; readonly value: Uint8Array }
  | { readonly number: number; readonly wire: "fixed32"; readonly value: number };

/** Maximum bytes of a varint of 64 bits. Each further byte would cost a larger number. */
const varintBytesMax = 10;

/** Maximum number of fields. An empty field has two bytes in the message and a hundred times as many here. */
const fieldsMax = 100_000;

/** Returns the fields of a message in written order. Throws if the message ends within a field. */
export function readFields(message: Uint8Array): readonly WireField[] {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let count = 0; count < varintBytesMax; count++) {
      const byte = view.getUint8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << BigInt(7 * count);
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Error(`expected a varint of at most ${varintBytesMax} bytes at byte ${at - varintBytesMax}`);
  };
  while (at < message.length) {
    if (fields.length >= fieldsMax) throw new Error(`expected a message of at most ${fieldsMax} fields`);
    const tag = Number(varint());
    const number = tag >>> 3;
    switch (tag & 7) {
      case 0:
        fields.push({ number, wire: "varint", value: varint() });
        break;
      case 1:
        fields.push({
          number,
          wire: "fixed64",
          value: view.getBigUint64(at, true),
          double: view.getFloat64(at, true),
        });
        at += 8;
        break;
      case 2: {
        const length = Number(varint());
        if (length > message.length - at)
          throw new Error(`expected ${length} bytes at byte ${at}, got ${message.length - at}`);
        fields.push({ number, wire: "bytes", value: message.subarray(at, at + length) });
        at += length;
        break;
      }
      case 5:
        fields.push({ number, wire: "fixed32", value: view.getUint32(at, true) });
        at += 4;
        break;
      default:
        throw new Error(`expected a wire type of 0, 1, 2 or 5, got ${tag & 7} at byte ${at}`);
    }
  }
  return fields;
}

export function messagesAt(message: Uint8Array, number: number): readonly Uint8Array[] {
  return readFields(message).flatMap((field) =>
    field.number === number && field.wire === "bytes" ? [field.value] : [],
  );
}

export function textAt(message: Uint8Array, number: number): string {
  const bytes = messagesAt(message, number).at(-1);
  return bytes === undefined ? "" : new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

export function hexAt(message: Uint8Array, number: number): string {
  return Buffer.from(messagesAt(message, number).at(-1) ?? []).toString("hex");
}

export function numberAt(message: Uint8Array, number: number): number {
  const field = readFields(message).findLast((each) => each.number === number);
  return field === undefined || field.wire === "bytes" ? 0 : Number(field.value);
}

export function doubleAt(message: Uint8Array, number: number): number {
  const field = readFields(message).findLast((each) => each.number === number);
  return field?.wire === "fixed64" ? field.double : 0;
}

export function packedDoubles(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 8 }, (_, index) => view.getFloat64(index * 8, true));
}

export function packedFixed64(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 8 }, (_, index) => Number(view.getBigUint64(index * 8, true)));
}
