/** The thread of facts. It opens the store with the first request, and again after an error. */
import { existsSync } from "node:fs";
import { setPriority } from "node:os";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { ThreadAnswer } from "@tutti/journal";
import { errorFromUnknown, thisSystem, toProblem } from "@tutti/kernel";
import { insightErrors } from "../../errors.ts";
import { corrupt, isDamage } from "../../series/schema.ts";
import { FactStore, removeFacts } from "../fact-store.ts";
import type { FactThreadData, ToFactThread } from "./messages.ts";

function run(port: MessagePort, { file }: FactThreadData): void {
  let store: FactStore | undefined;
  port.on("message", (message: ToFactThread) => {
    let answer: ThreadAnswer;
    try {
      // A removed file is still open here, but queries no longer read it.
      if (store !== undefined && !existsSync(file)) {
        store.close();
        store = undefined;
      }
      store ??= new FactStore(file);
      answer = { id: message.id, result: done(store, message) };
    } catch (error) {
      store?.close();
      store = undefined;
      const isCorrupt = isDamage(error, corrupt);
      if (isCorrupt) removeFacts(file);
      const reported = isCorrupt ? insightErrors.factsRenewed() : error;
      answer = { id: message.id, problem: toProblem(errorFromUnknown(reported)) };
    }
    port.postMessage(answer);
  });
}

function done(store: FactStore, message: ToFactThread): unknown {
  switch (message.call) {
    case "record":
      return store.record(message.request);
    case "cursors":
      return store.cursors();
    case "agents":
      return store.agents();
    case "sweep":
      return store.sweep(message.request);
  }
}

/** If all cores are busy, the engines go first. */
const behindOthers = 5;
if (thisSystem.hasThreadPriorities) setPriority(behindOthers);

// The cast is the thread's side of the contract with fact-thread.ts, which starts it with these and nothing else.
if (parentPort !== null) run(parentPort, workerData as FactThreadData);
