import type { JournalBatch } from "../../port.ts";
import { keyOfPrefix, partitionKind } from "../../records/record-key.ts";
import { RecordScanner } from "../../records/record-scanner.ts";
import type { StoredInstance, StoredPartition } from "./memory-archive-store.ts";

/** Adds the records of a batch to their histories: records that start a kept instance, or continue a history. */
export function packBatch(
  stored: StoredPartition,
  ends: Map<string, StoredInstance>,
  batch: JournalBatch,
): void {
  const scanner = new RecordScanner();
  let cause = new Uint8Array(0);
  scanner.open(batch.records);
  while (scanner.next()) {
    const { bytes, start, end, causeStart, causeEnd, event, index } = scanner;
    if (causeEnd > 0) cause = bytes.slice(causeStart, causeEnd);
    const { kind } = keyOfPrefix(bytes.subarray(start, scanner.keyEnd));
    if (kind === partitionKind) continue;
    const instance = ownerOf(stored, ends, scanner);
    if (instance === undefined) continue;
    const own = bytes.slice(start, end);
    const place = { batch: batch.number, index };
    ends.set(placeText(place.batch, index), instance);
    const record = causeEnd > 0 ? own : Uint8Array.from([...own, ...cause]);
    if ((instance.history.at(-1)?.event ?? 0) >= event) continue;
    instance.history.push({ event, timeMs: batch.timeMs, place, record });
  }
}

/** Returns the last packed record of each instance, by its place. */
export function endsOf(stored: StoredPartition): Map<string, StoredInstance> {
  const ends = new Map<string, StoredInstance>();
  for (const instance of stored.instances.values()) {
    const last = instance.history.at(-1)?.place;
    if (last !== undefined) ends.set(placeText(last.batch, last.index), instance);
  }
  return ends;
}

function ownerOf(
  stored: StoredPartition,
  ends: Map<string, StoredInstance>,
  { event, incarnation, previousBatch, previousIndex }: RecordScanner,
): StoredInstance | undefined {
  const instance =
    event === 1 ? stored.instances.get(incarnation) : ends.get(placeText(previousBatch, previousIndex));
  return instance === undefined || instance.isRemoved ? undefined : instance;
}

function placeText(batch: number, index: number): string {
  return `${batch}/${index}`;
}
