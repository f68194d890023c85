/** Problems of requests to a lock, in words. Undefined when there is none. */

import type { AcquirePermits } from "@tutti/contracts/session/v1";
import { leaseMaxMs, nameLengthMax, permitsMax, priorityMax, waitMaxMs } from "./limits.ts";

export function requestProblem({
  holder,
  permits,
  leaseMs,
  waitMs,
  priority,
}: Pick<AcquirePermits, "holder" | "permits" | "leaseMs" | "waitMs" | "priority">): string | undefined {
  if (!(waitMs >= 0 && waitMs <= waitMaxMs))
    return `expected to wait for 0 to ${waitMaxMs} ms, got ${waitMs}`;
  if (!(priority >= -priorityMax && priority <= priorityMax))
    return `expected a priority from -${priorityMax} to ${priorityMax}, got ${priority}`;
  return holderProblem(holder) ?? permitsProblem(permits, 0) ?? leaseProblem(leaseMs);
}

function holderProblem(holder: string): string | undefined {
  return holder.length >= 1 && holder.length <= nameLengthMax
    ? undefined
    : `expected a holder of 1 to ${nameLengthMax} characters, got ${holder.length}`;
}

export function permitsProblem(permits: number, least: number): string | undefined {
  return Number.isInteger(permits) && permits >= least && permits <= permitsMax
    ? undefined
    : `expected ${least} to ${permitsMax} permits, got ${permits}`;
}

export function leaseProblem(leaseMs: number): string | undefined {
  return leaseMs >= 0 && leaseMs <= leaseMaxMs
    ? undefined
    : `expected a lease of 0 to ${leaseMaxMs} ms, got ${leaseMs}`;
}
