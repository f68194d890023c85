import { crc32 } from "../batch/crc32.ts";
import { type HeaderEncoder, type HeaderFields, hashBeforeChecksum } from "../batch/header.ts";

/** Returns a batch as the contract encodes it, after `before` free bytes. */
export function encodeBatch(
  encoder: HeaderEncoder,
  fields: HeaderFields,
  previousHash: Uint8Array,
  records: Uint8Array,
  freeBytes: number,
): Uint8Array {
  const { headerBytes, checksumAt } = encoder.places(fields);
  const bytes = new Uint8Array(freeBytes + headerBytes + records.length);
  const view = new DataView(bytes.buffer);
  encoder.write(bytes, view, freeBytes, fields);
  if (fields.number > 1) bytes.set(previousHash, freeBytes + checksumAt - hashBeforeChecksum);
  view.setUint32(freeBytes + checksumAt, crc32(records), true);
  bytes.set(records, freeBytes + headerBytes);
  return bytes;
}
