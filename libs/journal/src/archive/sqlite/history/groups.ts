import type { JournalBatch } from "../../../port.ts";
import { keyOfPrefix, partitionKind } from "../../../records/record-key.ts";
import { RecordScanner } from "../../../records/record-scanner.ts";
import type { RecordPlace } from "../../port.ts";
import type { PlainEvent } from "./chunk.ts";

/** Records of one life of one instance, in the order of their batches. */
export interface RecordGroup {
  readonly events: PlainEvent[];
  /** Whether its first record is the first of the life. */
  readonly isLifeStart: boolean;
  /** The incarnation, in the group that starts a life. Otherwise 0. */
  readonly incarnation: number;
  /** The record before the first. All 0 if the first starts the life. */
  readonly previous: RecordPlace;
  /** The common prefix of all records lies here. */
  readonly prefix: Uint8Array;
  readonly prefixStart: number;
  readonly prefixEnd: number;
}

/**
 * Groups the records of some batches by instance. Leaves out events of the partition itself, and unwanted groups. The
 * caller decides at the first record of a group, because most instances may leave nothing to keep.
 */
export function groupRecords(
  batches: readonly JournalBatch[],
  isNeeded: (group: RecordGroup) => boolean,
): RecordGroup[] {
  const groups: RecordGroup[] = [];
  const current = new Map<string, RecordGroup | undefined>();
  const scanner = new RecordScanner();
  for (const { number, timeMs, records } of batches) {
    let sharedStart = 0;
    let sharedEnd = 0;
    scanner.open(records);
    while (scanner.next()) {
      const { start, end, keyEnd, event, index, causeStart, causeEnd } = scanner;
      if (causeEnd > 0) {
        sharedStart = causeStart;
        sharedEnd = causeEnd;
      }
      const text = scanner.keyText;
      let group = current.get(text);
      if (event === 1 || !current.has(text)) {
        group = isOfPartition(records, start, keyEnd) ? undefined : groupOf(scanner);
        if (group !== undefined && !isNeeded(group)) group = undefined;
        current.set(text, group);
        if (group !== undefined) groups.push(group);
      }
      group?.events.push({
        event,
        timeMs,
        batch: number,
        index,
        bytes: records,
        keyEnd,
        end,
        causeStart,
        causeEnd,
        cause: records,
        sharedStart,
        sharedEnd,
      });
    }
  }
  return groups;
}

function groupOf(scanner: RecordScanner): RecordGroup {
  const { incarnation, previousBatch, previousIndex, bytes, start, keyEnd, event } = scanner;
  return {
    events: [],
    isLifeStart: event === 1,
    incarnation,
    previous: { batch: previousBatch, index: previousIndex },
    prefix: bytes,
    prefixStart: start,
    prefixEnd: keyEnd,
  };
}

function isOfPartition(records: Uint8Array, start: number, keyEnd: number): boolean {
  return keyOfPrefix(records.subarray(start, keyEnd)).kind === partitionKind;
}
