import { existsSync, readFileSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { grouped, isTuttiError, systemClock, type TuttiError, withoutRemedy } from "@tutti/kernel";
import { archiveErrors } from "../errors.ts";
import { ArchiveEngine } from "./engine.ts";
import { fileOf } from "./file.ts";
import { inspectLog } from "./log-inspection.ts";

/** Result of checking an archive that is not open, or that another process has open. */
export interface ArchiveVerification {
  /**
   * `none`: there is no archive. `damaged`: some data has changed since it was written. `damage` has the details and
   * the place.
   */
  readonly kind: "none" | "sound" | "damaged";
  /** Description of the result. */
  readonly text: string;
  readonly damage?: TuttiError;
  /** Progress of each partition's archive. Unknown for a damaged one. */
  readonly partitions: readonly ArchivedPartition[];
}

export interface ArchivedPartition {
  readonly partition: number;
  readonly coveredTo: number;
  readonly packedTo: number;
  /** Number of commits. */
  readonly commits: number;
}

/** Checks every row of the archive in a directory and runs SQLite's own checks. Changes nothing. */
export function verifyArchive(directory: string): ArchiveVerification {
  const file = fileOf(directory);
  if (!isCreated(file)) return { kind: "none", text: `There is no archive in ${directory}.`, partitions: [] };
  try {
    checkLog(file);
    const engine = ArchiveEngine.open(file, systemClock, "read");
    try {
      const [found] = engine.integrity();
      if (found !== undefined) throw archiveErrors.damaged({ place: { file }, found });
      for (const _ of engine.verify());
      const partitions = engine.partitionProgress();
      const { liveInstances, endedInstances } = engine.figures();
      const text = `The archive in ${directory} is sound: ${grouped(liveInstances)} live and ${grouped(endedInstances)} ended entries in ${partitions.length} partitions. Each row is as it was written.`;
      return { kind: "sound", text, partitions };
    } finally {
      engine.close();
    }
  } catch (error) {
    if (!isTuttiError(error)) throw error;
    return { kind: "damaged", text: `${directory}: ${withoutRemedy(error)}`, damage: error, partitions: [] };
  }
}

/**
 * Returns the batch up to which each partition is archived, read before the archive is opened, without a check of its
 * content. Empty if the archive is missing or cannot be read: opening it reports that.
 */
export function archivedBatches(directory: string): ReadonlyMap<number, number> {
  const file = fileOf(directory);
  if (!existsSync(file)) return new Map();
  try {
    using database = new DatabaseSync(file, { readOnly: true });
    const rows = database.prepare("SELECT partition, covered FROM standing").all();
    return new Map(rows.map(({ partition, covered }) => [Number(partition), Number(covered)]));
  } catch {
    return new Map();
  }
}

/**
 * SQLite silently drops everything in its log after a flipped bit. The journal still has the dropped data, because it
 * is cut only behind settled data. This reports the damage anyway.
 */
function checkLog(file: string): void {
  const log = `${file}-wal`;
  if (!existsSync(log)) return;
  const damage = inspectLog(readFileSync(log));
  if (damage !== undefined) {
    throw archiveErrors.damaged({
      place: { file: log, row: damage.frame },
      found: `a frame whose checksum does not match, with ${damage.commitsBehind} commits behind it`,
    });
  }
}

/** A process that was killed while it created the file left no database: nothing was ever in it. */
function isCreated(file: string): boolean {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  // A file with tables has a log of another kind.
  if (size === 0 || existsSync(`${file}-journal`)) return false;
  if (size > pageBytes) return true;
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return Number(Object.values(database.prepare("PRAGMA page_count").get() ?? {})[0]) > 1;
  } catch {
    // The reader of the whole archive reports its problems.
    return true;
  } finally {
    database.close();
  }
}

/** A file of one page contains only its header. */
const pageBytes = 4_096;
