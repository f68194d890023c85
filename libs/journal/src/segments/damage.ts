import type { TuttiError } from "@tutti/kernel";
import { type DamagePlace, journalErrors } from "../errors.ts";
import type { PartitionName } from "../port.ts";
import type { Unsound } from "./inspection.ts";
import { nameOfSegment } from "./segment-files.ts";

/**
 * Returns the error for damage with its place: file, offset, partition and batch, as far as they could be determined.
 */
export function damaged(
  segment: number,
  groupOffset: number,
  { found, at, partition, number }: Unsound,
  partitions: readonly PartitionName[],
  cause?: unknown,
): TuttiError {
  const name = partition === undefined ? undefined : partitions[partition];
  const known = name === undefined || number === undefined ? {} : { ...name, number };
  return damagedAt({ file: nameOfSegment(segment), offset: groupOffset + at, ...known }, found, cause);
}

export function damagedAt(place: DamagePlace, found: string, cause?: unknown): TuttiError {
  const details = Object.fromEntries(Object.entries(place).map(([key, value]) => [key, String(value)]));
  return journalErrors.corrupt({ place, found }, { details, cause });
}
