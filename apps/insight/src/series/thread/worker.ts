/** The thread of series. It opens the store with the first request, and again after an error. */
import { setPriority } from "node:os";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { answerSeries } from "@tutti/host/metrics";
import type { ThreadAnswer } from "@tutti/journal";
import { errorFromUnknown, thisSystem, toProblem } from "@tutti/kernel";
import { insightErrors } from "../../errors.ts";
import { isDamage } from "../schema.ts";
import { SeriesStore } from "../series-store.ts";
import type { SeriesThreadData, ToSeriesThread } from "./messages.ts";

function run(port: MessagePort, data: SeriesThreadData): void {
  let store: SeriesStore | undefined;
  const answer = (message: ToSeriesThread): ThreadAnswer => {
    const { id, nowMs } = message;
    try {
      store ??= new SeriesStore({ ...data, nowMs });
      return { id, result: done(store, message) };
    } catch (error) {
      // Memory may be ahead of the file, so the file is read again. A damaged file is then moved away.
      if (message.call === "record" || isDamage(error)) {
        store?.close();
        store = undefined;
      }
      const reported = isDamage(error) ? insightErrors.seriesDamaged({ reason: error.message }) : error;
      return { id, problem: toProblem(errorFromUnknown(reported)) };
    }
  };
  port.on("message", (message: ToSeriesThread) => port.postMessage(answer(message)));
}

function done(store: SeriesStore, message: ToSeriesThread): unknown {
  switch (message.call) {
    case "record":
      return store.record(message.request);
    case "metrics":
      return store.metrics(message.request.namespace, message.request.prefix);
    case "query": {
      const { namespace, nowMs } = message.request;
      return answerSeries(store.source(namespace, nowMs), message.request, nowMs);
    }
  }
}

/** If all cores are busy, the engines go first. */
const behindOthers = 5;
if (thisSystem.hasThreadPriorities) setPriority(behindOthers);

// The cast is the thread's side of the contract with series-thread.ts, which starts it with these and nothing else.
if (parentPort !== null) run(parentPort, workerData as SeriesThreadData);
