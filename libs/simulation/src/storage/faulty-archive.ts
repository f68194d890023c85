/**
 * An archive in memory that is slow, fails, and fails after it has done what it was asked for. Where several processes
 * share one, it is fenced: who does not own a partition any more changes nothing of it.
 */
import {
  type Archive,
  type ArchivePartition,
  type BatchSource,
  MemoryArchive,
  type MemoryArchiveStore,
} from "@tutti/journal";
import type { Chance } from "@tutti/kernel";
import type { ArchiveFaults } from "../plan/plan.ts";
import type { Life } from "../world/process.ts";
import { never } from "./observed-journal.ts";

export interface ArchiveGround {
  readonly store: MemoryArchiveStore;
  readonly partitions: number;
  readonly chance: Chance;
  faults: ArchiveFaults;
  /** Whether a life may change a partition. */
  mayChange(life: Life, partition: number): boolean;
}

export const calmArchive: ArchiveFaults = { fails: 0, failsAfter: 0, latencyMs: 0.2 };

export function openArchive(ground: ArchiveGround, life: Life, source: BatchSource): Archive {
  const { store, partitions, chance } = ground;
  /** Of the operations under way, in their order: which partition each of them changes, if any. */
  const changes: (number | undefined)[] = [];
  const inner = new MemoryArchive({
    partitions,
    source,
    store,
    clock: life,
    pass: async () => {
      if (!life.cross()) await never();
    },
    schedule: (run) => {
      life.schedule(chance.random() * ground.faults.latencyMs, run);
    },
    fault: () => {
      const partition = changes.shift();
      if (partition !== undefined && !ground.mayChange(life, partition)) return "lost";
      const { fails, failsAfter } = ground.faults;
      if (fails + failsAfter === 0) return undefined;
      const drawn = chance.random();
      if (drawn < fails) return "lost";
      return drawn < fails + failsAfter ? "unanswered" : undefined;
    },
  });
  const noted = <Result>(changed: number | undefined, asked: () => Result): Result => {
    changes.push(changed);
    return asked();
  };
  const all = Array.from({ length: partitions }, (_, partition) =>
    notedPartition(inner.partition(partition), partition, noted),
  );
  return {
    partition: (partition) => all[partition] ?? inner.partition(partition),
    search: (search) => noted(undefined, () => inner.search(search)),
    purge: (nowMs) => noted(undefined, () => inner.purge(nowMs)),
    figures: () => noted(undefined, () => inner.figures()),
    backup: (directory) => noted(undefined, () => inner.backup(directory)),
    close: () => inner.close(),
  };
}

type Noted = <Result>(changed: number | undefined, asked: () => Result) => Result;

function notedPartition(inner: ArchivePartition, partition: number, noted: Noted): ArchivePartition {
  return {
    mayHave: (key) => inner.mayHave(key),
    opening: () => noted(undefined, () => inner.opening()),
    load: (keys) => noted(undefined, () => inner.load(keys)),
    keyOf: (incarnation) => noted(undefined, () => inner.keyOf(incarnation)),
    due: (beforeMs, limit, after) => noted(undefined, () => inner.due(beforeMs, limit, after)),
    nextDueMs: () => noted(undefined, () => inner.nextDueMs()),
    outstanding: (after, limit) => noted(undefined, () => inner.outstanding(after, limit)),
    history: (wanted) => noted(undefined, () => inner.history(wanted)),
    commit: (changes) => noted(partition, () => inner.commit(changes)),
    pack: (upToBatch) => noted(partition, () => inner.pack(upToBatch)),
    settle: () => noted(undefined, () => inner.settle()),
  };
}
