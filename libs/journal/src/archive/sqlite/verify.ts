import { existsSync } from "node:fs";
import { isTuttiError, type TuttiError } from "@tutti/kernel";
import { archiveErrors } from "../errors.ts";
import { ArchiveEngine } from "./engine.ts";
import { fileOf } from "./file.ts";

/** What was found in an archive that nobody has open. */
export interface ArchiveVerification {
  /** `none`: there is no archive. `damaged`: something is not as it was written, or cannot be read; `damage` says what. */
  readonly kind: "none" | "sound" | "damaged";
  /** The same in words. */
  readonly text: string;
  readonly damage?: TuttiError;
  /** How far the archive of each partition goes. */
  readonly partitions: readonly ArchivedPartition[];
}

export interface ArchivedPartition {
  readonly partition: number;
  readonly coveredTo: number;
  readonly packedTo: number;
}

/** Checks every row of the archive in a directory. Nobody else may have it open. */
export function verifyArchive(directory: string): ArchiveVerification {
  const file = fileOf(directory);
  if (!existsSync(file))
    return { kind: "none", text: `There is no archive in ${directory}.`, partitions: [] };
  try {
    return verifyFile(file, directory);
  } catch (error) {
    if (!isTuttiError(error)) throw error;
    return { kind: "damaged", text: `In ${directory}, ${error.message}.`, damage: error, partitions: [] };
  }
}

function verifyFile(file: string, directory: string): ArchiveVerification {
  const engine = new ArchiveEngine(file);
  try {
    for (const _slice of engine.verify());
    const [found] = engine.integrity();
    if (found !== undefined) throw archiveErrors.damaged({ place: { file }, found });
    const partitions = engine.standings();
    const { liveInstances, endedInstances } = engine.figures();
    const instances = `${liveInstances.toLocaleString("en")} live and ${endedInstances.toLocaleString("en")} ended machines`;
    return {
      kind: "sound",
      text: `The archive in ${directory} is sound: ${instances} of ${partitions.length} partitions; each row is as it was written.`,
      partitions: partitions.map(({ partition, coveredTo, packedTo }) => ({
        partition,
        coveredTo,
        packedTo,
      })),
    };
  } finally {
    engine.close();
  }
}
