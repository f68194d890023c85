import { fdatasyncSync, fsyncSync, openSync, writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { controlIndex, type LogOrders } from "./log.ts";

const fileBytes = 64 * 1024 * 1024;
const blockBytes = 4_096;

/** Writes groups in sequence, and starts at the beginning of the file again when it is full. */
function run({ path, control, memory }: LogOrders): void {
  const file = openSync(path, "w+");
  const zeros = new Uint8Array(1024 * 1024);
  for (let at = 0; at < fileBytes; at += zeros.length) writeSync(file, zeros, 0, zeros.length, at);
  fsyncSync(file);
  parentPort?.postMessage(undefined);
  let offset = 0;
  for (let lastOrdered = 0; ; ) {
    // A notification may arrive after its order is done. The counter shows whether there is another order.
    while (Atomics.load(control, controlIndex.ordered) === lastOrdered)
      Atomics.wait(control, controlIndex.ordered, lastOrdered);
    lastOrdered = Atomics.load(control, controlIndex.ordered);
    const length = Math.ceil((control[controlIndex.length] ?? 0) / blockBytes) * blockBytes;
    if (offset + length > fileBytes) offset = 0;
    // Whole blocks, because the system writes whole blocks anyway.
    writeSync(file, memory, 0, length, offset);
    fdatasyncSync(file);
    offset += length;
    parentPort?.postMessage(undefined);
  }
}

// The cast: log.ts starts the thread with this data.
run(workerData as LogOrders);
