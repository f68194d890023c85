import type { Archive } from "@tutti/journal";
import { type CallContext, type Foundation, type InstanceKey, sleep } from "@tutti/kernel";
import type { PartitionOwner } from "@tutti/runtime/ownership";
import type { JournalHolds } from "../../storage/journal-holds.ts";
import type { HostedRuntime } from "../../storage/storage.ts";

/** Dependencies of the handlers about machines. */
export interface MachineDependencies extends Pick<HostedRuntime, "runtime" | "journals" | "machines"> {
  readonly archive: Pick<Archive, "search">;
  readonly partitionOwner: PartitionOwner;
  readonly holds: Pick<JournalHolds, "acknowledge">;
  readonly foundation: Pick<Foundation, "timers" | "clock">;
}

/** A machine as named in requests. */
export interface NamedMachine {
  readonly namespace: string;
  readonly kind: string;
  readonly id: string;
}

export function keyIn({ namespace, kind, id }: NamedMachine): InstanceKey {
  return { namespace: namespace || "default", kind, id };
}

/** A stream sends a message at least this often. */
const keepaliveMs = 5_000;
/** Interval of the checks whether something has become durable: a check costs a microsecond. */
const pollMs = 10;

/**
 * Waits until a machine has changed after an event, or has ended. Resolves with whether it did in time. Default: the
 * interval of heartbeats.
 */
export async function waitForEvent(
  { runtime, foundation }: Pick<MachineDependencies, "runtime" | "foundation">,
  key: InstanceKey,
  options: { readonly after: number; readonly endOnly?: boolean; readonly withinMs?: number },
  signal: CallContext["signal"],
): Promise<boolean> {
  const { after, endOnly = false, withinMs = keepaliveMs } = options;
  const late = new AbortController();
  const timer = foundation.timers.after(withinMs, () => late.abort());
  try {
    await runtime.waitForEvent(key, { after, endOnly }, AbortSignal.any([signal, late.signal]));
  } finally {
    timer.cancel();
  }
  return !late.signal.aborted && !signal.aborted;
}

/** Waits until there is news. Returns whether there was before the next heartbeat was due. */
export async function waitForChange(
  isThere: () => boolean,
  { timers, clock }: MachineDependencies["foundation"],
  signal: CallContext["signal"],
): Promise<boolean> {
  const untilMs = clock.monotonic() + keepaliveMs;
  while (!signal.aborted && clock.monotonic() < untilMs) {
    if (isThere()) return true;
    await sleep(timers, pollMs, signal).catch(() => {});
  }
  return false;
}
