import { parentPort } from "node:worker_threads";

/** An archive's thread that dies at any call except `opening`. */
parentPort?.on("message", (message: { kind: string; id: number; call?: string }) => {
  if (message.kind === "open") return;
  if (message.kind === "call" && message.call !== "opening") process.exit(1);
  parentPort?.postMessage({ id: message.id, result: "alive" });
});
