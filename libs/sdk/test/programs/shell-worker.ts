/** Runs a command as a worker does, until its test kills it: `shell-worker.ts PROGRAM ARGUMENT…`. */
import { shell } from "@tutti/sdk/shell";
import type { TaskContext } from "@tutti/sdk/worker";

const task = {
  signal: new AbortController().signal,
  output: async (chunk: Uint8Array) => void process.stdout.write(chunk),
};
await shell()({ command: process.argv.slice(2) }, task as unknown as TaskContext);
