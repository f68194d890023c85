/** Runs received seeds, a share at a time, in a thread of its own. */
import { parentPort, workerData } from "node:worker_threads";
import { runnerOf } from "./draw-of.ts";
import type { LoadName } from "./options.ts";
import type { Failed, Share, ShareDone } from "./pool.ts";

const port = parentPort;
if (port === null) throw new Error("this file is the entry of a worker thread");
const options = workerData as { readonly weakening: string; readonly load: LoadName };
const run = runnerOf(options.load, options.weakening);

// Thousands of errors are made here. To examine one, run its seed alone, with full stack traces.
Error.stackTraceLimit = 0;

port.on("message", async ({ from, seeds, stopsAtFirst }: Share) => {
  const failed: Failed[] = [];
  let events = 0;
  let ran = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    const outcome = await run(seed);
    events += outcome.events;
    ran++;
    if (outcome.finding !== undefined) failed.push({ seed, ...outcome.finding });
    if (stopsAtFirst && failed.length > 0) break;
  }
  const done: ShareDone = { ran, failed, events };
  port.postMessage(done);
});
