import type { JournalBatch, PartitionName } from "../port.ts";
import { crc32 } from "./crc32.ts";
import { hashBytes } from "./hash.ts";
import { HeaderEncoder } from "./header.ts";

/** Returns a batch as it is in the journal, byte for byte: what hashes are made of, and what audits are shown. */
export function encodeBatch({ service, partition }: PartitionName, batch: JournalBatch): Uint8Array {
  const { records, previousHash } = batch;
  const encoder = new HeaderEncoder(service, partition);
  const { headerBytes, checksumAt } = encoder.places(batch);
  const bytes = new Uint8Array(headerBytes + records.length);
  const view = new DataView(bytes.buffer);
  encoder.write(bytes, view, 0, batch);
  bytes.set(records, headerBytes);
  // The hash ends where the checksum's tag is.
  if (previousHash.length > 0) bytes.set(previousHash, checksumAt - 1 - hashBytes);
  view.setUint32(checksumAt, crc32(records), true);
  return bytes;
}
