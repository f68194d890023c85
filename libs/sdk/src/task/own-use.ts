/**
 * CPU and memory of tasks, for agents whose tasks share resources. The process can attribute its use only while one
 * task runs: the use of concurrent tasks is not measured.
 */
import type { Attempt } from "./attempt.ts";
import type { Histogram, MeasureRegistry } from "./measures.ts";

/** Use of a process. */
export interface ProcessUse {
  /** With its child processes that have ended. */
  readonly cpuMs: number;
  readonly memoryBytes: number;
  /** CPU time of these child processes: their memory is not known. */
  readonly childMs: number;
}

/** A shorter attempt gives no reliable value. */
const runMinMs = 50;

export class OwnUse {
  readonly #registry: MeasureRegistry;
  readonly #read: () => ProcessUse | undefined;
  #alone: { readonly attempt: Attempt; readonly before: ProcessUse } | undefined;

  /** @param read undefined where it is not known */
  constructor(registry: MeasureRegistry, read: () => ProcessUse | undefined) {
    this.#registry = registry;
    this.#read = read;
  }

  /** @param running how many handlers run, with this one */
  started(attempt: Attempt, running: number): void {
    const before = running === 1 ? this.#read() : undefined;
    this.#alone = before && { attempt, before };
  }

  recordUse(attempt: Attempt): void {
    const { attempt: alone, before } = this.#alone ?? {};
    this.#alone = undefined;
    const after = attempt === alone ? this.#read() : undefined;
    const runMs = attempt.port.nowMs() - attempt.startedMs;
    if (before === undefined || after === undefined || runMs < runMinMs) return;
    const namespace = attempt.assign.namespace || attempt.port.namespace;
    const labels = { capability: attempt.work.name };
    const measure = (name: string, help: string, unit: string): Histogram =>
      this.#registry.histogram(namespace, name, { help, unit });
    measure("task_cpu_cores", "CPU that a task used while it ran alone.", "cores").observe(
      Math.max(0, after.cpuMs - before.cpuMs) / runMs,
      labels,
    );
    if (after.childMs === before.childMs)
      measure("task_memory_bytes", "Memory of the process while a task ran alone.", "bytes").observe(
        Math.max(before.memoryBytes, after.memoryBytes),
        labels,
      );
  }
}
