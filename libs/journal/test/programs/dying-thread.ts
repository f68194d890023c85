import { parentPort } from "node:worker_threads";

/** An archive's thread that dies as soon as anything is asked of it but how far it is. */
parentPort?.on("message", (message: { kind: string; id: number; call?: string }) => {
  if (message.kind === "open") return;
  if (message.kind === "call" && message.call !== "opening") process.exit(1);
  parentPort?.postMessage({ id: message.id, result: "alive" });
});
