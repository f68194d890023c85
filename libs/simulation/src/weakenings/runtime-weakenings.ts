import type { Archive, ArchivePartition, Changes } from "@tutti/journal";
import type { Weakening } from "./weakening.ts";

export const noDeduplication: Weakening = {
  name: "no-deduplication",
  about: "a repeated command takes effect again",
  foundWithin: 100,
  submission: (submission) => ({ ...submission, idempotencyKey: "" }),
};

export const refusalsNotAwaited: Weakening = {
  name: "refusals-not-awaited",
  about: "rejections and reads are answered before the state that they read is durable",
  foundWithin: 30,
  answersEarly: true,
};

export const timersForgotten: Weakening = {
  name: "timers-not-rearmed",
  about: "the timers of a loaded instance are not set again",
  foundWithin: 50,
  edge: { forgetsTimers: true },
};

export const cutBeforeSnapshot: Weakening = {
  name: "cut-before-snapshot",
  about: "the journal is truncated before the snapshots that replace it are stored",
  foundWithin: 500,
  storage: { archive: hasty },
};

/** Reports commits and packs before they are done. */
function hasty(inner: Archive): Archive {
  return {
    partition: (partition) => hastyPartition(inner.partition(partition)),
    search: (search) => inner.search(search),
    purge: (nowMs) => inner.purge(nowMs),
    figures: () => inner.figures(),
    backup: (directory) => inner.backup(directory),
    close: () => inner.close(),
  };
}

function hastyPartition(inner: ArchivePartition): ArchivePartition {
  const later = (operation: Promise<void>): Promise<void> => {
    operation.catch(() => {});
    return Promise.resolve();
  };
  return {
    opening: (epoch) => inner.opening(epoch),
    release: (epoch) => inner.release(epoch),
    mayHave: (key) => inner.mayHave(key),
    load: (keys) => inner.load(keys),
    keyOf: (incarnation) => inner.keyOf(incarnation),
    due: (beforeMs, limit, after) => inner.due(beforeMs, limit, after),
    nextDueMs: () => inner.nextDueMs(),
    outstanding: (after, limit) => inner.outstanding(after, limit),
    commit: (epoch: number, changes: Changes) => later(inner.commit(epoch, changes)),
    pack: (epoch, upToBatch) => later(inner.pack(epoch, upToBatch)),
    settle: (epoch) => inner.settle(epoch),
    history: (query) => inner.history(query),
  };
}
