import { assert, type Chance, type Timers } from "@tutti/kernel";
import type { Disk } from "../disk/disk.ts";
import { fileDisk } from "../disk/file-disk.ts";
import { journalErrors } from "../errors.ts";
import { Ledger, tableOf } from "../ledger.ts";
import type { ServicePartitions } from "../port.ts";
import { emptyEnds, grownEnds, hashOf } from "./ends.ts";
import { inlineHost, type Schedule, type WriterHost } from "./host.ts";
import { logIdBytes } from "./layout.ts";
import { type LogPlace, LogReader } from "./log-reader.ts";
import type { LogVisitor } from "./log-visitor.ts";
import { Places } from "./places.ts";
import { type Recovered, recover } from "./recovery.ts";
import { type SegmentSizes, segmentSizes } from "./segment-files.ts";
import { Segments } from "./segments.ts";
import { type CommittedGroup, SegmentsJournal } from "./segments-journal.ts";
import { WorkerHost } from "./worker-host.ts";
import { durableAt, type LogState, SegmentWriter } from "./writer.ts";

/** Options of a journal on segments. */
export interface SegmentsOptions {
  /** Services and their numbers of partitions. Must be those of the journal's creation, or more services. */
  readonly services: readonly ServicePartitions[];
  /** Source of the identity of a new log. */
  readonly chance: Chance;
  /**
   * With timers, a full disk is noticed before an append finds no room, and free space is noticed without an append.
   */
  readonly timers?: Timers;
  /** Maximum bytes of records per batch. Default: 4 MiB. */
  readonly batchBytesMax?: number;
  /** Sizes of the files. Default: 4 MiB, then up to 64. */
  readonly sizes?: SegmentSizes;
  /**
   * Receives every batch while the log is read at opening, so that a restart reads it once. The batches count only when
   * the opening has succeeded: only then the last of them are certainly durable.
   */
  readonly visit?: LogVisitor;
  /** Called for every group that has become durable, for metrics. Must not throw. */
  readonly committed?: (group: CommittedGroup) => void;
}

/** A frame has 16 bits for the partition. */
const partitionsMax = 2 ** 16 - 1;
const batchBytesMaxByDefault = 4 * 1024 * 1024;

/** Findings of opening a journal. */
export type Found = Pick<Recovered, "torn" | "segments" | "groups" | "batches">;

export interface OpenedSegments {
  readonly journal: SegmentsJournal;
  readonly found: Found;
  /**
   * Reads all durable batches of all partitions in one pass, from the beginning or from a place on. At a restart
   * `visit` is cheaper, because it uses the reading at opening.
   */
  scan(visit: LogVisitor, from?: LogPlace): void;
}

/** Opens the journal in a directory, or creates one. A separate thread writes it. One process at a time. */
export async function openSegments(directory: string, options: SegmentsOptions): Promise<OpenedSegments> {
  const disk = fileDisk(directory);
  const prepared = prepareLog(disk, options);
  prepared.writer.release();
  const host = new WorkerHost(directory, prepared.sizes, prepared.writer.log);
  const opened = assemble(disk, prepared, host, options, directory);
  host.start();
  return opened;
}

/** The same on any disk and without a thread: `schedule` decides when groups are written. */
export function openSegmentsInline(disk: Disk, schedule: Schedule, options: SegmentsOptions): OpenedSegments {
  const prepared = prepareLog(disk, options);
  return assemble(disk, prepared, inlineHost(prepared.writer, schedule), options);
}

interface Prepared {
  readonly writer: SegmentWriter;
  readonly places: Places;
  readonly sizes: SegmentSizes;
  readonly found: Found;
}

/** Reads the segments, and starts a segment if there is none or if services were added. */
function prepareLog(
  disk: Disk,
  { services, chance, sizes = segmentSizes, visit }: SegmentsOptions,
): Prepared {
  const recovered = recover(disk, true, visit);
  const partitions = tableOf(recovered?.log.partitions ?? [], services);
  assert(partitions.length <= partitionsMax, "a frame can name its partition", {
    partitions: partitions.length,
  });
  const known = recovered?.log.partitions.length ?? 0;
  const isReady = recovered !== undefined && known === partitions.length;
  const log: LogState = {
    ...(recovered?.log ?? newLog(chance)),
    partitions,
    ends: grownEnds(recovered?.log.ends ?? emptyEnds(0), partitions.length),
  };
  const places = isReady ? recovered.places : new Places(partitions.length, recovered?.places);
  const writer = new SegmentWriter(disk, sizes, log);
  if (!isReady) {
    const failure = writer.startSegment(0);
    if (failure !== undefined) {
      writer.release();
      const { kind, reason } = failure;
      throw kind === "full" ? journalErrors.full({ reason }) : journalErrors.outcomeUnknown({ reason });
    }
    places.addSegment(log.active.segment, log.active.segmentBytes, log.ends.numbers);
  }
  const { torn, segments = 0, groups = 0, batches = 0 } = recovered ?? {};
  return { writer, places, sizes, found: { torn, segments, groups, batches } };
}

function newLog(chance: Chance): Omit<LogState, "partitions" | "ends"> {
  const logId = chance.fill(new Uint8Array(logIdBytes));
  return { logId, sequence: 0, checksum: 0, active: durableAt(0, 0, 0), next: 0, vouched: true };
}

function assemble(
  disk: Disk,
  { writer, places, sizes, found }: Prepared,
  host: WriterHost,
  { batchBytesMax = batchBytesMaxByDefault, committed, timers }: SegmentsOptions,
  directory?: string,
): OpenedSegments {
  const { logId, partitions, ends } = writer.log;
  const ledgers = partitions.map((name, index) => {
    const ledger = new Ledger(name, index);
    const { numbers, epochs, times } = ends;
    ledger.resume(numbers[index] ?? 0, epochs[index] ?? 0, times[index] ?? 0, hashOf(ends, index));
    return ledger;
  });
  const segments = new Segments({ disk, directory, sizes, places, logId, partitions }, ends.numbers);
  const { active, next } = writer.log;
  const end = { segment: active.segment, offset: next };
  const journal = new SegmentsJournal({ ledgers, segments, host, batchBytesMax, end, committed, timers });
  const scan = (visit: LogVisitor, from?: LogPlace): void => {
    const reader = new LogReader(disk, from);
    try {
      reader.read(journal.end, visit);
    } finally {
      reader.close();
    }
  };
  return { journal, found, scan };
}
