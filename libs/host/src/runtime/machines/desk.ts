import { type CallContext, type Foundation, type InstanceKey, sleep } from "@tutti/kernel";
import type { Steward } from "@tutti/runtime/ownership";
import type { HostedRuntime } from "../../storage/storage.ts";

/** What is answered about machines, and from where. */
export interface MachineDesk extends Pick<HostedRuntime, "runtime" | "archive" | "journals" | "machines"> {
  readonly steward: Steward;
  readonly foundation: Pick<Foundation, "timers" | "clock">;
}

/** As requests name a machine. */
export interface NamedMachine {
  readonly namespace: string;
  readonly kind: string;
  readonly id: string;
}

export function keyIn({ namespace, kind, id }: NamedMachine): InstanceKey {
  return { namespace: namespace || "default", kind, id };
}

/** A stream says something at least this often. */
const signOfLifeMs = 5_000;
/** How often it is looked whether something has become durable: a look costs a microsecond. */
const lookMs = 10;

/** Waits until there is news, and says whether there was before it was time for a sign of life. */
export async function newsOf(
  isThere: () => boolean,
  { timers, clock }: MachineDesk["foundation"],
  signal: CallContext["signal"],
): Promise<boolean> {
  const untilMs = clock.monotonic() + signOfLifeMs;
  while (!signal.aborted && clock.monotonic() < untilMs) {
    if (isThere()) return true;
    await sleep(timers, lookMs, signal).catch(() => {});
  }
  return false;
}
