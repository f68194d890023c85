import type { GroupBuffer } from "./group.ts";
import type { CommitResult, SegmentWriter } from "./writer.ts";

/** Where the writer runs. One group is under way at a time. */
export interface WriterHost {
  /** Memory for a group, such that the writer can reach it. */
  memory(bytes: number): ArrayBufferLike;
  /** Commits a group. `done` is called once, later, and the group's bytes are the writer's until then. */
  commit(group: GroupBuffer, done: (result: CommitResult) => void): void;
  /**
   * Hashes of the partitions' last batches, 32 bytes each. Of a group they are there when the next one is durable. Of
   * who has nothing in the next one they stay.
   */
  readonly hashes: Uint8Array;
  /** Vouches for the last group and lets go of files and threads. */
  close(): Promise<void>;
}

/** Runs when its turn has come: a simulation decides when, and in which order with everything else. */
export type Schedule = (run: () => void) => void;

/**
 * Returns the writer in the caller's thread, for tests and simulations, and where there is no other thread to be had.
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
