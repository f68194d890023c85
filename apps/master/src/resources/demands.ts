/** Whether a session could ever have what its tasks need: what no quota allows is refused at once, naming the task. */
import type { Quota, SessionSpec } from "@tutti/contracts/session/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import type { Asker } from "../api/sessions/capabilities.ts";
import { isAbout, type ResourceDesk } from "./desk.ts";
import { resourceErrors } from "./errors.ts";

const pageSize = 1_000;
const page = { size: pageSize, token: "" };

export async function checkDemands(
  { resources }: Pick<ResourceDesk, "resources">,
  tasks: readonly TaskSpec[],
  { labels, reservationIds, limits }: Pick<SessionSpec, "labels" | "reservationIds" | "limits">,
  { namespace, options }: Asker,
): Promise<void> {
  checkLimits(limits);
  const { quotas } = await resources.listQuotas({ namespace, page }, options);
  for (const quota of quotas)
    if (quota.sessions === undefined || isAbout(quota.sessions, labels)) checkQuota(quota, tasks);
  if (reservationIds.length === 0) return;
  const listed = await resources.listReservations({ namespace, pool: "", span: undefined, page }, options);
  const known = new Set(listed.reservations.map(({ reservationId }) => reservationId));
  const missing = reservationIds.find((id) => !known.has(id));
  // Of more than a page the rest is not known here: what is not there gives nothing.
  if (missing !== undefined && listed.reservations.length < pageSize)
    throw resourceErrors.reservationMissing({ id: missing });
}

/** What a session takes at once is kept to by pools as a number of tasks, whatever each of them asks for. */
function checkLimits(limits: SessionSpec["limits"]): void {
  for (const [name, limit] of Object.entries(limits)) {
    if (name !== "slots") throw resourceErrors.limitUnkept({ name, limit });
    if (!(limit >= 1)) throw resourceErrors.limitTooSmall({ limit });
  }
}

function checkQuota({ quotaId: quota, limits }: Quota, tasks: readonly TaskSpec[]): void {
  for (const [name, limit] of Object.entries(limits))
    for (const { id: task, work, resources } of tasks) {
      const wanted = name === "slots" ? 1 : (resources[name] ?? 0);
      if (work?.$case === "capability" && wanted > limit)
        throw resourceErrors.beyondQuota({ task, wanted, name, quota, limit });
    }
}
