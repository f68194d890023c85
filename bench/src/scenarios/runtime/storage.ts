/** The runtime of a single process on a real disk: journal in segments, archive on SQLite. */
import { join } from "node:path";
import {
  ArchiveThread,
  openArchive,
  openSegments,
  type SegmentsJournal,
  type SqliteArchive,
} from "@tutti/journal";
import { silentLogger, systemChance, systemClock, systemDefer, systemTimers } from "@tutti/kernel";
import { Runtime, type RuntimeLimits, type RuntimeOptions, runtimeLimits } from "@tutti/runtime";

const partitions = 16;

export interface StoredRuntime {
  readonly runtime: Runtime;
  readonly journal: SegmentsJournal;
  readonly archive: SqliteArchive;
}

/** Opens the runtime of a directory, or creates it. */
export async function openRuntime(
  directory: string,
  service: string,
  {
    machines,
    effects,
    retentionOf = () => ({ keepMs: 0, idKeptMs: 0 }),
    limits = {},
  }: Pick<RuntimeOptions, "machines" | "effects"> &
    Partial<Pick<RuntimeOptions, "retentionOf">> & { readonly limits?: Partial<RuntimeLimits> },
): Promise<StoredRuntime> {
  const services = [{ service, partitions }];
  const { journal } = await openSegments(join(directory, "journal"), { services, chance: systemChance });
  const archive = openArchive(join(directory, "archive", service), new ArchiveThread(), {
    partitions,
    clock: systemClock,
    source: (partition) => journal.partition(service, partition),
  });
  const runtime = new Runtime({
    service,
    machines,
    partitions,
    archive,
    effects,
    retentionOf,
    journals: { journal, renew: () => Promise.reject(new Error("the journal has stopped")) },
    delivery: { deliver: () => Promise.reject(new Error("every partition is here")) },
    leaseTerm: { validUntilMs: () => Number.POSITIVE_INFINITY, lost() {} },
    partitionsOf: () => partitions,
    clock: systemClock,
    timers: systemTimers,
    chance: systemChance,
    defer: systemDefer,
    logger: silentLogger,
    limits: { ...runtimeLimits, ...limits },
  });
  return { runtime, journal, archive };
}
