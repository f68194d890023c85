/**
 * Damage to a closed disk: a flipped bit, or changed records with matching checksums. It has to be found and
 * reported with its place. Then it is undone, as from a backup, and the run continues.
 */

import { journalErrors, type Verification, verifyDisk } from "@tutti/journal";
import { type LogPart, type MemoryDisk, partsOfLog, repairLog } from "@tutti/journal/testing";
import { isTuttiError } from "@tutti/kernel";
import type { World } from "../world/world.ts";

/** Checks a whole log for damage. */
export type VerifyDisk = (disk: MemoryDisk, name: string) => Verification;

export interface Damage {
  readonly kind: "flip" | "edit";
  /** The damaged part, and the place in it, as shares. */
  readonly part: number;
  readonly place: number;
  readonly bit: number;
}

export function isCorrupt(error: unknown): boolean {
  return isTuttiError(error) && journalErrors.corrupt.is(error);
}

/** Damages a log, checks that this is found, and undoes it. */
export function damageFound(world: World, disk: MemoryDisk, damage: Damage, verify: VerifyDisk): void {
  if (verifyDisk(disk, name).kind !== "sound") return;
  const parts = partsOfLog(disk);
  const candidates = damage.kind === "flip" ? parts : parts.filter((part) => isFollowed(part, parts));
  const hit = candidates[Math.floor(damage.part * candidates.length)];
  if (hit === undefined) return;
  const offset = hit.from + Math.floor(damage.place * (hit.to - hit.from));
  const change = (): void => {
    disk.flipBit(hit.file, offset, damage.bit);
    if (damage.kind === "edit") repairLog(disk, parts, false);
  };
  world.trace(
    "disk",
    () => `${damage.kind} of bit ${damage.bit} of byte ${offset} of ${hit.file} (${hit.kind})`,
  );
  change();
  const verification = verify(disk, name);
  world.trace("disk", () => verification.text);
  const wrong =
    damage.kind === "flip"
      ? wrongWithFlip(verification, hit, offset, parts)
      : wrongWithEdit(verification, hit);
  change();
  if (wrong === undefined) return;
  world.fail(
    "damage",
    `bit ${damage.bit} of byte ${offset} of ${hit.file} (${hit.kind}), ${damage.kind}: expected ${wrong}, found: ${verification.text}`,
  );
}

const name = "the disk";

/** Returns whether a later batch of the same partition names its hash. */
function isFollowed({ kind, batch }: LogPart, parts: readonly LogPart[]): boolean {
  if (kind !== "records" || batch === undefined) return false;
  return parts.some(
    ({ batch: other }) => other?.partition === batch.partition && other.number > batch.number,
  );
}

function wrongWithFlip(
  { kind, damage }: Verification,
  hit: LogPart,
  offset: number,
  parts: readonly LogPart[],
): string | undefined {
  if (hit.kind === "last group") return kind === "sound" ? undefined : "the last group to be cut";
  if (damage === undefined) return "the damage to be found";
  const { file, offset: at, partition, number } = damage.details;
  const group = parts.findLast(
    (part) => part.file === hit.file && part.batch === undefined && part.from <= offset,
  );
  const isThere = group !== undefined && Number(at) >= group.from && Number(at) < group.to;
  if (file !== hit.file || !isThere) return `its place: ${hit.file}, byte ${group?.from} to ${group?.to}`;
  if (hit.batch === undefined) return;
  const isBatch = Number(partition) === hit.batch.partition && Number(number) === hit.batch.number;
  return isBatch ? undefined : `its batch: ${hit.batch.number} of partition ${hit.batch.partition}`;
}

function wrongWithEdit({ damage }: Verification, { batch, file }: LogPart): string | undefined {
  if (damage === undefined || batch === undefined) return "the chain of hashes to show it";
  const { partition, number } = damage.details;
  // A segment in between lists the positions of all partitions, and detects it first.
  const isNext = Number(partition) === batch.partition && Number(number) === batch.number + 1;
  const isSegment = number === undefined && damage.details["file"] !== file;
  return isNext || isSegment
    ? undefined
    : `batch ${batch.number + 1} of partition ${batch.partition} not to follow`;
}
