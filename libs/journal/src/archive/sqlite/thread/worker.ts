import { type MessagePort, parentPort, receiveMessageOnPort } from "node:worker_threads";
import { systemClock, systemTimers } from "@tutti/kernel";
import { EnginePool } from "./engine-pool.ts";
import type { ToThread } from "./messages.ts";

/** The archive's thread: hosts the engines of all services of the process. */
function run(port: MessagePort): void {
  const room = new EnginePool((message) => port.postMessage(message), systemTimers, systemClock);
  port.on("message", (first: ToThread) => {
    // Waiting messages are processed together, so that commits share a transaction and a sync.
    const messages = [first];
    for (;;) {
      const next = receiveMessageOnPort(port);
      if (next === undefined) break;
      // The cast: `ArchiveThread` posts nothing else.
      messages.push(next.message as ToThread);
    }
    room.handle(messages);
  });
}

if (parentPort !== null) run(parentPort);
