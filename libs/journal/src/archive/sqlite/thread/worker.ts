import { type MessagePort, parentPort, receiveMessageOnPort } from "node:worker_threads";
import { systemClock, systemTimers } from "@tutti/kernel";
import { EngineRoom } from "./engine-room.ts";
import type { ToThread } from "./messages.ts";

/** The archive's thread: hosts the engines of all services of the process. */
function run(port: MessagePort): void {
  const room = new EngineRoom((message) => port.postMessage(message), systemTimers, systemClock);
  port.on("message", (first: ToThread) => {
    // Work that waits already is done together: commits share a transaction, and so a sync.
    const messages = [first];
    for (;;) {
      const next = receiveMessageOnPort(port);
      if (next === undefined) break;
      // The cast is the thread's side of the contract with `ArchiveThread`, which posts nothing else.
      messages.push(next.message as ToThread);
    }
    room.handle(messages);
  });
}

if (parentPort !== null) run(parentPort);
