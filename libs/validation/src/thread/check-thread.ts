/**
 * Checks that may take long. A text of a megabyte takes a second, in which a process must handle other
 * requests.
 *
 * 1. Small inputs are checked directly: that takes less time than passing them to the thread.
 * 2. All others are checked in one thread, one after the other. It starts with the first of them.
 */
import { RequestThread } from "@tutti/journal";
import { programFileOf } from "@tutti/kernel";
import type { Checks } from "./checks.ts";
import { checkErrors } from "./errors.ts";

/** Request to the thread. */
export interface CheckQuestion {
  readonly id: number;
  readonly check: keyof Checks;
  readonly values: readonly unknown[];
}

/** About 5 ms on one core. */
const inTurnMax = 8_192;

let thread: RequestThread<CheckQuestion> | undefined;

/** One thread for all services of the process. */
function checkThread(): RequestThread<CheckQuestion> {
  thread ??= new RequestThread<CheckQuestion>({
    name: "checks",
    file: programFileOf(import.meta.url, new URL("./worker.ts", import.meta.url), "./check-worker.mjs"),
    youngMb: 16,
    deathError: (reason) => checkErrors.ended({ reason }),
  });
  return thread;
}

/** @param size characters or bytes of the input */
export async function checked<Check extends keyof Checks>(
  check: Check,
  size: number,
  ...values: Parameters<Checks[Check]>
): Promise<ReturnType<Checks[Check]>> {
  if (size > inTurnMax)
    return (await checkThread().request((id) => ({ id, check, values }))) as ReturnType<Checks[Check]>;
  // Imported late: a process that checks nothing does not need the parsers of all kinds of files.
  const { checks } = await import("./checks.ts");
  // The cast is needed because TypeScript does not connect a check with its values.
  const run = checks[check] as (...values: readonly unknown[]) => ReturnType<Checks[Check]>;
  return run(...values);
}
