/** Problems of requests to a limit, in words. Undefined when there is none. */

import type { AcquireLimit, LimitHolder, LimitRule } from "@tutti/contracts/workflow/v1";
import { idOfKey } from "@tutti/kernel";
import { keyNameLengthMax, leaseMaxMs, leaseMinMs, nameLengthMax, weightMax } from "./limits.ts";

export function ruleProblem(rule: LimitRule | undefined): string | undefined {
  const { maxConcurrent = 0, rate } = rule ?? {};
  if (!(Number.isInteger(maxConcurrent) && maxConcurrent >= 0))
    return `\`maxConcurrent\`: expected a whole number of at least 0, got ${maxConcurrent}`;
  if (rate === undefined) return undefined;
  const { count, perMs, burst } = rate;
  if (!(count > 0 && perMs > 0 && Number.isFinite(count) && Number.isFinite(perMs)))
    return `expected a rate of more than 0 per more than 0 ms, got ${count} per ${perMs} ms`;
  if (!(burst >= 0 && Number.isFinite(burst))) return `expected a burst from 0 on, got ${burst}`;
  // Beyond this, a time in milliseconds has no precision for fractions.
  return perMs / count <= 1e12
    ? undefined
    : `expected at least one in 30 years, got ${count} per ${perMs} ms`;
}

/** The id of a limit is the hash of its name. */
export function nameProblem(name: string | undefined, id: string): string | undefined {
  if (name === undefined || (name.length <= keyNameLengthMax && idOfKey(name) === id)) return undefined;
  return `expected the name of the limit ${id}, got ${JSON.stringify(name.slice(0, 50))}`;
}

export function holderProblem(holder: LimitHolder | undefined): string | undefined {
  const { service = "", kind = "", id = "", task = "" } = holder ?? {};
  for (const [field, text] of Object.entries({ service, kind, id }))
    if (text === "" || text.length > nameLengthMax || text.includes("/"))
      return `expected the ${field} that requests the limit, got ${JSON.stringify(text.slice(0, 50))}`;
  return task.length > nameLengthMax ? `expected a task of at most ${nameLengthMax} characters` : undefined;
}

export function requestProblem(request: AcquireLimit): string | undefined {
  const { weight, share, shareWeight, deadlineMs } = request;
  if (!(Number.isInteger(weight) && weight >= 0 && weight <= weightMax))
    return `expected a weight of whole numbers up to ${weightMax}, got ${weight}`;
  if (share.length > nameLengthMax) return `expected a share of at most ${nameLengthMax} characters`;
  if (!(shareWeight === 0 || (shareWeight >= 0.001 && shareWeight <= 1_000)))
    return `expected a share to weigh from 0.001 to 1000, got ${shareWeight}`;
  if (!(deadlineMs >= 0)) return `expected a deadline, got ${deadlineMs}`;
  return leaseProblem(request.leaseMs);
}

export function leaseProblem(leaseMs: number): string | undefined {
  if (leaseMs === 0 || (leaseMs >= leaseMinMs && leaseMs <= leaseMaxMs)) return undefined;
  return `expected a lease of ${leaseMinMs} to ${leaseMaxMs} ms, got ${leaseMs}`;
}
