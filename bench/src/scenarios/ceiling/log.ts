/**
 * The least that makes bytes durable: a group of them is copied into memory that is shared with a thread, which writes it
 * to a preallocated file and syncs it, while the next one fills.
 */
import { Worker } from "node:worker_threads";

/** What the thread is started with. */
export interface LogOrders {
  readonly path: string;
  readonly control: Int32Array;
  readonly memory: Uint8Array;
}

/** Words of the memory by which the two sides speak. */
export const word = { ordered: 0, length: 1 } as const;

const groupBytesMax = 8 * 1024 * 1024;

export interface CeilingLog {
  /** Makes these bytes durable. One group at a time. They may be reused at once. */
  write(group: Uint8Array): void;
  close(): Promise<unknown>;
}

export async function openCeilingLog(path: string, durable: () => void): Promise<CeilingLog> {
  const control = new Int32Array(new SharedArrayBuffer(8));
  const memory = new Uint8Array(new SharedArrayBuffer(groupBytesMax));
  const workerData: LogOrders = { path, control, memory };
  const thread = new Worker(new URL("./log-thread.ts", import.meta.url), { workerData });
  await new Promise((resolve) => thread.once("message", resolve));
  thread.on("message", durable);
  return {
    write(group) {
      memory.set(group);
      control[word.length] = group.length;
      Atomics.add(control, word.ordered, 1);
      Atomics.notify(control, word.ordered);
    },
    close: () => thread.terminate(),
  };
}
