/** The metrics of a time, for users that wait and for users that pay, in the past or in a replay. */
import { quantile, sortedCopy } from "@tutti/analysis";
import type { Placed, RecordedAgent, RecordedAttempt } from "./recording.ts";

export interface Goals {
  /** A longer wait misses the goal of a task. 0 for no goal. */
  readonly waitMs: number;
  /** Price of one hour of a worker. */
  readonly pricePerHour: number;
}

interface TenantReport {
  readonly namespace: string;
  readonly share: string;
  readonly tasks: number;
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
  /** True if its tasks wait much longer than all others together. */
  readonly isStarved: boolean;
}

export interface PoolReport {
  readonly tasks: number;
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
  readonly waitMeanMs: number;
  /** Mean time from the first queueing of a task to its end. */
  readonly timeMeanMs: number;
  /** From the first queueing to the end of the last task. */
  readonly spanMs: number;
  readonly workerHours: number;
  /** Share of the slots that were in use. */
  readonly use: number;
  /** Money that tasks spent, and the price of the workers. */
  readonly cost: number;
  /** Tasks that ended after their due time, or waited longer than the goal. */
  readonly missed: number;
  /** Tasks that no agent had, or did not finish. */
  readonly unserved: number;
  readonly tenants: readonly TenantReport[];
}

/** A tenant is starved if its median wait is this many times that of the others. */
const starvedFrom = 10;
const starvedMinMs = 1_000;
const starvedTasksMin = 5;
const tenantsMax = 100;
const hourMs = 3_600_000;

/** Returns the attempts that count: a task that was answered busy, or gave way, comes again. */
export function countedOf<Each extends Pick<Placed, "status" | "isCopy">>(placed: readonly Each[]): Each[] {
  return placed.filter(({ status, isCopy }) => status !== "busy" && status !== "yielded" && !isCopy);
}

export function waitsOf(placed: readonly Pick<Placed, "readyMs" | "assignedMs">[]): number[] {
  return sortedCopy(placed.map(({ readyMs, assignedMs }) => Math.max(0, assignedMs - readyMs)));
}

export function reportOf(
  placed: readonly (Placed | RecordedAttempt)[],
  agents: readonly RecordedAgent[],
  { waitMs, pricePerHour }: Goals,
  unserved = 0,
): PoolReport {
  const counted = countedOf(placed);
  const waits = waitsOf(counted);
  const [fromMs, toMs] = rangeOf(placed);
  const presentMs = agents.map((agent) =>
    Math.max(0, Math.min(agent.toMs, toMs) - Math.max(agent.fromMs, fromMs)),
  );
  const slotMs = agents.reduce((sum, { slots }, at) => sum + slots * (presentMs[at] ?? 0), 0);
  const occupiedMs = placed.reduce((sum, { assignedMs, endedMs }) => sum + endedMs - assignedMs, 0);
  const workerHours = presentMs.reduce((sum, ms) => sum + ms, 0) / hourMs;
  const isMissed = ({ readyMs, assignedMs, endedMs, dueMs }: Placed | RecordedAttempt) =>
    (dueMs > 0 && endedMs > dueMs) || (waitMs > 0 && assignedMs - readyMs > waitMs);
  return {
    tasks: counted.length,
    unserved,
    spanMs: toMs - fromMs,
    workerHours,
    waitP50Ms: quantile(waits, 0.5) || 0,
    waitP99Ms: quantile(waits, 0.99) || 0,
    waitMeanMs: waits.length === 0 ? 0 : waits.reduce((sum, ms) => sum + ms, 0) / waits.length,
    timeMeanMs: meanTimeOf(counted),
    use: slotMs === 0 ? 0 : Math.min(1, occupiedMs / slotMs),
    cost: placed.reduce((sum, { money }) => sum + money, 0) + workerHours * pricePerHour,
    missed: counted.filter(isMissed).length + unserved,
    tenants: tenantsOf(counted),
  };
}

export function meanTimeOf(counted: readonly Pick<Placed, "readyMs" | "endedMs">[]): number {
  const sum = counted.reduce((all, { readyMs, endedMs }) => all + Math.max(0, endedMs - readyMs), 0);
  return counted.length === 0 ? 0 : sum / counted.length;
}

export function rangeOf(
  placed: readonly Pick<Placed, "readyMs" | "endedMs">[],
): [fromMs: number, toMs: number] {
  let [fromMs, toMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { readyMs, endedMs } of placed) {
    fromMs = Math.min(fromMs, readyMs);
    toMs = Math.max(toMs, endedMs);
  }
  return placed.length === 0 ? [0, 0] : [fromMs, toMs];
}

function tenantsOf(counted: readonly (Placed | RecordedAttempt)[]): TenantReport[] {
  const byTenant = Map.groupBy(counted, ({ namespace, share }) => `${namespace}\n${share}`);
  const largest = [...byTenant.values()]
    .toSorted((one, other) => other.length - one.length)
    .slice(0, tenantsMax);
  return largest.map((own) => {
    const [{ namespace = "", share = "" } = {}] = own;
    const waits = waitsOf(own);
    const waitP50Ms = quantile(waits, 0.5);
    const others = counted.filter((each) => each.namespace !== namespace || each.share !== share);
    const isLong = others.length > 0 && waitP50Ms >= starvedFrom * quantile(waitsOf(others), 0.5);
    return {
      namespace,
      share,
      tasks: own.length,
      waitP50Ms,
      waitP99Ms: quantile(waits, 0.99),
      isStarved: own.length >= starvedTasksMin && waitP50Ms >= starvedMinMs && isLong,
    };
  });
}
