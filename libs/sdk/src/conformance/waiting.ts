import { sleep, systemTimers } from "@tutti/kernel";

/** Resolves after so long, or rejects as soon as the signal is aborted. */
export function waitFor(ms: number, signal?: AbortSignal): Promise<void> {
  return sleep(systemTimers, ms, signal);
}
