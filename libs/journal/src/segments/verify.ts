import { grouped, isTuttiError, type TuttiError, withoutRemedy } from "@tutti/kernel";
import type { Disk } from "../disk/disk.ts";
import { fileDisk } from "../disk/file-disk.ts";
import type { DamagePlace } from "../errors.ts";
import type { PartitionName } from "../port.ts";
import { type Recovered, recover } from "./recovery.ts";

/** Result of checking a journal that is not open, or that another process has open. */
export interface Verification {
  /**
   * `none`: there is no journal. `damaged`: some data has changed since it was written. `damage` has the details and
   * the place.
   */
  readonly kind: "none" | "sound" | "damaged";
  /** Description of the result. */
  readonly text: string;
  readonly damage?: TuttiError;
  /** A group that was half written when its process ended, or is being written. */
  readonly torn?: DamagePlace;
  /** End of each partition's log. Unknown for a damaged journal. */
  readonly partitions: readonly VerifiedPartition[];
}

export interface VerifiedPartition extends PartitionName {
  readonly first: number;
  readonly last: number;
  readonly epoch: number;
}

/** Checks every byte of the journal in a directory, and changes nothing. */
export function verifySegments(directory: string): Verification {
  return verifyDisk(fileDisk(directory, "read"), directory);
}

/** The same on any disk. The name is for the texts. */
export function verifyDisk(disk: Disk, name: string): Verification {
  try {
    const recovered = recover(disk, false);
    if (recovered === undefined) {
      return { kind: "none", text: `There is no journal in ${name}.`, partitions: [] };
    }
    const { torn } = recovered;
    return {
      kind: "sound",
      text: reportText(recovered, name),
      ...(torn && { torn }),
      partitions: partitionsOf(recovered),
    };
  } catch (error) {
    if (!isTuttiError(error)) throw error;
    return { kind: "damaged", text: `${name}: ${withoutRemedy(error)}`, damage: error, partitions: [] };
  }
}

function reportText({ segments, groups, batches, torn, log }: Recovered, name: string): string {
  const counts = [
    counted(batches, "batch", "batches"),
    counted(log.partitions.length, "partition", "partitions"),
    counted(segments, "segment", "segments"),
    counted(groups, "group", "groups"),
  ].join(", ");
  const sound = `The journal in ${name} is sound: ${counts}; each batch is as it was written and in its place in the chain.`;
  if (torn === undefined) return sound;
  return `${sound} Behind them, in ${torn.file} at byte ${torn.offset}, is a group that is not whole: it was being written when the process ended, or is being written now. It is cut when the journal is opened.`;
}

function partitionsOf({ log, places }: Recovered): VerifiedPartition[] {
  return log.partitions.map(({ service, partition }, index) => ({
    service,
    partition,
    first: places.first(index),
    last: log.ends.numbers[index] ?? 0,
    epoch: log.ends.epochs[index] ?? 0,
  }));
}

function counted(count: number, one: string, many: string): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}
