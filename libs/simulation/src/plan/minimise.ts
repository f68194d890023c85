/**
 * Makes a failing plan smaller: leaves out operations and disturbances, and reduces faults, as long as the
 * same check still fails.
 */
import { smallestRun } from "@tutti/machine-run/testing";
import { reliableNetwork } from "../network/network.ts";
import { faultNames } from "../pools/pools-plan.ts";
import { reliableArchive } from "../storage/faulty-archive.ts";
import type { Plan } from "./plan.ts";

/** Returns whether a plan still fails in the same way. */
export type Fails = (plan: Plan) => Promise<boolean>;

export async function minimise(plan: Plan, fails: Fails): Promise<Plan> {
  let smallest = plan;
  for (let before = Number.POSITIVE_INFINITY; sizeOf(smallest) < before; ) {
    before = sizeOf(smallest);
    smallest = await withoutFaults(smallest, fails);
    smallest = await removeParts(smallest, fails, "disturbances");
    smallest = await removeParts(smallest, fails, "operations");
    smallest = await removeParts(smallest, fails, "runs");
    for (const list of workLists) smallest = await removeParts(smallest, fails, list);
    smallest = await removeParts(smallest, fails, "sessions");
    smallest = await withSmallerSessions(smallest, fails);
  }
  return withSmallerRuns(smallest, fails);
}

async function withSmallerRuns(plan: Plan, fails: Fails): Promise<Plan> {
  let smallest = plan;
  for (const index of (plan.runs ?? []).keys()) {
    const runs = smallest.runs ?? [];
    const planned = runs[index];
    if (planned === undefined) continue;
    const withRun = (run: typeof planned.run): Plan => ({
      ...smallest,
      runs: runs.with(index, { ...planned, run }),
    });
    smallest = withRun(await smallestRun(planned.run, (run) => fails(withRun(run))));
  }
  return smallest;
}

interface SpecOfTasks {
  readonly tasks?: { readonly tasks: readonly { readonly id: string }[] };
}

/** Leaves out tasks of sessions. A session with a missing need is invalid, and fails in another way. */
async function withSmallerSessions(plan: Plan, fails: Fails): Promise<Plan> {
  let smallest = plan;
  for (const index of (plan.sessions?.sessions ?? []).keys())
    for (let at = Number.POSITIVE_INFINITY; at >= 0; at--) {
      const { sessions } = smallest;
      const session = sessions?.sessions[index];
      const { tasks } = (session?.spec ?? {}) as SpecOfTasks;
      if (sessions === undefined || session === undefined || tasks === undefined) break;
      at = Math.min(at, tasks.tasks.length - 1);
      if (at < 0 || tasks.tasks.length === 1) break;
      const spec = { ...session.spec, tasks: { ...tasks, tasks: tasks.tasks.toSpliced(at, 1) } };
      const candidate = {
        ...smallest,
        sessions: { ...sessions, sessions: sessions.sessions.with(index, { ...session, spec }) },
      };
      if (await fails(candidate)) smallest = candidate;
    }
  return smallest;
}

function sizeOf(plan: Plan): number {
  return lists.reduce((sum, list) => sum + listOf(plan, list).length, 0);
}

async function withoutFaults(plan: Plan, fails: Fails): Promise<Plan> {
  let simplest = plan;
  const simpler: Partial<Plan>[] = [
    { network: reliableNetwork },
    { disk: {} },
    { archive: reliableArchive },
    { printFails: 0 },
    { processes: plan.variant === "cluster" ? 2 : 1 },
  ];
  const { work } = plan;
  if (work !== undefined) {
    const faults = Object.fromEntries(faultNames.map((name) => [name, 0])) as typeof work.pool.faults;
    simpler.push({ work: { ...work, peoplePerMinute: 0, failures: 0, pool: { ...work.pool, faults } } });
  }
  const { sessions } = plan;
  if (sessions !== undefined) {
    simpler.push({ sessions: { ...sessions, peoplePerMinute: 0 } });
    const faults = Object.fromEntries(faultNames.map((name) => [name, 0])) as typeof sessions.pool.faults;
    simpler.push({ sessions: { ...sessions, pool: { ...sessions.pool, faults } } });
  }
  for (const part of simpler) {
    const candidate = { ...simplest, ...part };
    if (await fails(candidate)) simplest = candidate;
  }
  return simplest;
}

const workLists = ["missions", "work runs", "actors"] as const;
const lists = ["operations", "disturbances", "runs", "sessions", ...workLists] as const;
type PlanList = (typeof lists)[number];

function listOf({ work, sessions, ...plan }: Plan, list: PlanList): readonly unknown[] {
  if (list === "sessions") return sessions?.sessions ?? [];
  if (list === "missions") return work?.missions ?? [];
  if (list === "work runs") return work?.runs ?? [];
  if (list === "actors") return work?.actors ?? [];
  return plan[list] ?? [];
}

/** Leaves out parts of a list, large ones first, and renumbers the remaining operations in order. */
async function removeParts(plan: Plan, fails: Fails, list: PlanList): Promise<Plan> {
  let smallest = plan;
  for (
    let size = Math.ceil(listOf(plan, list).length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < listOf(smallest, list).length; ) {
      const candidate = without(smallest, list, at, size);
      if (await fails(candidate)) smallest = candidate;
      else at += size;
    }
  }
  return smallest;
}

function without(plan: Plan, list: PlanList, at: number, size: number): Plan {
  const isRetained = (_: unknown, index: number): boolean => index < at || index >= at + size;
  if (list === "disturbances") return { ...plan, disturbances: plan.disturbances.filter(isRetained) };
  if (list === "runs") return { ...plan, runs: (plan.runs ?? []).filter(isRetained) };
  const { work, sessions } = plan;
  if (list === "sessions" && sessions)
    return { ...plan, sessions: { ...sessions, sessions: sessions.sessions.filter(isRetained) } };
  if (list === "missions" && work)
    return { ...plan, work: { ...work, missions: work.missions.filter(isRetained) } };
  if (list === "work runs" && work) return { ...plan, work: { ...work, runs: work.runs.filter(isRetained) } };
  if (list === "actors" && work)
    return { ...plan, work: { ...work, actors: work.actors.filter(isRetained) } };
  const operations = plan.operations
    .filter(isRetained)
    .map((operation, number) => ({ ...operation, number }));
  return { ...plan, operations };
}
