/** Processor time of started processes, with their descendants. Linux only. */
import { readdirSync, readFileSync } from "node:fs";
import { cpuMs } from "./figures.ts";

/** Runs a start function. Returns its result and the new child processes. */
export async function started<T>(start: () => Promise<T>): Promise<{ value: T; roots: readonly number[] }> {
  const before = new Set(childrenOf(process.pid));
  const value = await start();
  return { value, roots: childrenOf(process.pid).filter((pid) => !before.has(pid)) };
}

/** Returns the processor time of process trees. A process that ends during the call does not count. */
export function treeCpuMs(roots: readonly number[]): number {
  let sumMs = 0;
  const pids = [...roots];
  for (let pid = pids.pop(); pid !== undefined; pid = pids.pop()) {
    try {
      sumMs += cpuMs(pid);
      pids.push(...childrenOf(pid));
    } catch {
      // It has ended.
    }
  }
  return sumMs;
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try {
      const text = readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim();
      return text === "" ? [] : text.split(" ").map(Number);
    } catch {
      return [];
    }
  });
}
