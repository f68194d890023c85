import { parentPort, workerData } from "node:worker_threads";
import { copyBytes } from "../batch/copy.ts";
import { fileDisk } from "../disk/file-disk.ts";
import { closing, pausing, word } from "./shared.ts";
import type { FromWorker, WorkerOrders } from "./worker-host.ts";
import { SegmentWriter } from "./writer.ts";

/** The journal's thread: hosts the writer, and sleeps on a word of shared memory until there is something to write. */
function run({ directory, sizes, log, control, buffers, hashes, executed: before }: WorkerOrders): void {
  const writer = new SegmentWriter(fileDisk(directory), sizes, log);
  const memory = buffers.map((buffer) => new Uint8Array(buffer));
  const send = (message: FromWorker) => parentPort?.postMessage(message);
  let executed = before;
  for (;;) {
    // A notification may come after its order was executed: the counter tells whether there is another one.
    while (Atomics.load(control, word.ordered) === executed) Atomics.wait(control, word.ordered, executed);
    executed = Atomics.load(control, word.ordered);
    const ordered = control[word.buffer] ?? closing;
    if (ordered === pausing) {
      const { log } = writer;
      copyBytes(log.ends.hashes, hashes, 0);
      writer.release();
      send({ kind: "paused", log });
      return;
    }
    const bytes = memory[ordered];
    if (bytes === undefined) break;
    const result = writer.commit(bytes, control[word.length] ?? 0, control[word.batches] ?? 0);
    if (result.kind === "durable") {
      control[word.segment] = result.segment;
      control[word.offset] = result.offset;
      control[word.segmentBytes] = result.segmentBytes;
    }
    send(result.kind === "durable" ? undefined : result);
    // While the others continue with the durable group.
    copyBytes(writer.ends.hashes, hashes, 0);
  }
  writer.close();
}

// The cast: worker-host.ts starts it with these arguments only.
run(workerData as WorkerOrders);
