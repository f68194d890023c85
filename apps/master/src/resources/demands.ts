/**
 * Checks that a session could ever have its resources. A task beyond its quota is rejected, with its name.
 */
import type { Quota, SessionSpec } from "@tutti/contracts/session/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import type { Caller } from "../api/sessions/capabilities.ts";
import { resourceErrors } from "./errors.ts";
import { isAbout, type ResourceDependencies } from "./resource-dependencies.ts";

const pageSize = 1_000;
const page = { size: pageSize, token: "" };

export async function checkDemands(
  dependencies: Pick<ResourceDependencies, "resources">,
  tasks: readonly TaskSpec[],
  spec: Pick<SessionSpec, "labels" | "reservationIds" | "limits">,
  caller: Caller,
): Promise<void> {
  await checkAmounts(dependencies, tasks, spec, caller);
  await checkReservations(dependencies, spec, caller);
}

/** Checks tasks alone: later tasks use the resources of the session. */
export async function checkAmounts(
  { resources }: Pick<ResourceDependencies, "resources">,
  tasks: readonly TaskSpec[],
  { labels, limits }: Pick<SessionSpec, "labels" | "limits">,
  { namespace, options }: Caller,
): Promise<void> {
  checkLimits(limits, tasks);
  const { quotas } = await resources.listQuotas({ namespace, page }, options);
  for (const quota of quotas)
    if (quota.sessions === undefined || isAbout(quota.sessions, labels)) checkQuota(quota, tasks);
}

async function checkReservations(
  { resources }: Pick<ResourceDependencies, "resources">,
  { reservationIds }: Pick<SessionSpec, "reservationIds">,
  { namespace, options }: Caller,
): Promise<void> {
  if (reservationIds.length === 0) return;
  const listed = await resources.listReservations({ namespace, pool: "", span: undefined, page }, options);
  const known = new Set(listed.reservations.map(({ reservationId }) => reservationId));
  const missing = reservationIds.find((id) => !known.has(id));
  // With more than one page, the rest is not known here: unknown pools contribute nothing.
  if (missing !== undefined && listed.reservations.length < pageSize)
    throw resourceErrors.reservationMissing({ id: missing });
}

function checkLimits(limits: SessionSpec["limits"], tasks: readonly TaskSpec[]): void {
  for (const [name, limit] of Object.entries(limits))
    if (name === "slots" && !(limit >= 1)) throw resourceErrors.limitTooSmall({ limit });
  for (const beyond of beyondOf(limits, tasks)) throw resourceErrors.beyondLimit(beyond);
}

function checkQuota({ quotaId: quota, limits }: Quota, tasks: readonly TaskSpec[]): void {
  for (const beyond of beyondOf(limits, tasks)) throw resourceErrors.beyondQuota({ ...beyond, quota });
}

/** Yields requirements of single tasks that exceed a limit. */
function* beyondOf(limits: Readonly<Record<string, number>>, tasks: readonly TaskSpec[]) {
  for (const [name, limit] of Object.entries(limits))
    for (const { id: task, work, resources } of tasks) {
      const wanted = name === "slots" ? 1 : (resources[name] ?? 0);
      if (work?.$case === "capability" && wanted > limit) yield { task, wanted, name, limit };
    }
}
