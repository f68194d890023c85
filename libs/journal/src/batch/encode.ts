import type { ByteBlocks } from "@tutti/kernel";
import type { JournalBatch, PartitionName } from "../port.ts";
import { crc32 } from "./crc32.ts";
import { hashBytes } from "./hash.ts";
import { HeaderEncoder } from "./header.ts";

const ownMemory = { take: (length: number) => new Uint8Array(length) };

/** Returns a batch exactly as the journal stores it, for hashes and audits. */
export function encodeBatch(
  { service, partition }: PartitionName,
  batch: JournalBatch,
  memory: Pick<ByteBlocks, "take"> = ownMemory,
): Uint8Array {
  const { records, previousHash } = batch;
  const encoder = new HeaderEncoder(service, partition);
  const { headerBytes, checksumAt } = encoder.places(batch);
  const bytes = memory.take(headerBytes + records.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  encoder.write(bytes, view, 0, batch);
  bytes.set(records, headerBytes);
  // The hash ends before the tag of the checksum.
  if (previousHash.length > 0) bytes.set(previousHash, checksumAt - 1 - hashBytes);
  view.setUint32(checksumAt, crc32(records), true);
  return bytes;
}
