import type { GroupBuffer } from "./group.ts";
import type { CommitResult, SegmentWriter } from "./writer.ts";

/** Runs the writer. One group is under way at a time. */
export interface WriterHost {
  /** Returns memory for a group that the writer can reach. */
  memory(bytes: number): ArrayBufferLike;
  /** Commits a group. `done` is called once, later. Until then the group's bytes belong to the writer. */
  commit(group: GroupBuffer, done: (result: CommitResult) => void): void;
  /**
   * Hashes of the partitions' last batches, 32 bytes each. The hashes of a group are complete when the next one is
   * durable. Partitions without a batch in the next group keep theirs.
   */
  readonly hashes: Uint8Array;
  /** Secures the last group and releases files and threads. */
  close(): Promise<void>;
}

/** Runs a function when its turn has come. A simulation decides the time, and the order relative to everything else. */
export type Schedule = (run: () => void) => void;

/**
 * Returns the writer in the caller's thread, for tests and simulations, and for environments without another thread.
 */
export function inlineHost(writer: SegmentWriter, schedule: Schedule): WriterHost {
  return {
    hashes: writer.ends.hashes,
    memory: (bytes) => new ArrayBuffer(bytes),
    commit(group, done) {
      schedule(() => {
        const result = writer.commit(group.bytes, group.length, group.batches);
        writer.finish();
        done(result);
      });
    },
    close() {
      writer.close();
      return Promise.resolve();
    },
  };
}
