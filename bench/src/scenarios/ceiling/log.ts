/**
 * The minimum that makes bytes durable. A group of bytes is copied into shared memory. A thread writes it to a
 * preallocated file and syncs the file, while the next group fills.
 */
import { Worker } from "node:worker_threads";

/** Start data of the thread. */
export interface LogOrders {
  readonly path: string;
  readonly control: Int32Array;
  readonly memory: Uint8Array;
}

/** Words of the shared memory for communication. */
export const controlIndex = { ordered: 0, length: 1 } as const;

const groupBytesMax = 8 * 1024 * 1024;

export interface CeilingLog {
  /** Makes bytes durable, one group at a time. The caller may reuse the bytes immediately. */
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
      control[controlIndex.length] = group.length;
      Atomics.add(control, controlIndex.ordered, 1);
      Atomics.notify(control, controlIndex.ordered);
    },
    close: () => thread.terminate(),
  };
}
