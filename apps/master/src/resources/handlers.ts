/** Resources between sessions: quotas, reservations, who has what, and who waits for whom. */
import type { resourceService } from "@tutti/contracts/session/v1";
import type { Handlers } from "@tutti/mesh";
import { explainAllocation, listAllocations, listResources } from "./allocations.ts";
import { addDependency, listDependencies, removeDependency } from "./dependencies.ts";
import type { ResourceDesk } from "./desk.ts";
import { claimAllotments, deleteQuota, listQuotas, quotaNamed, setQuota } from "./quotas.ts";
import { createReservation, deleteReservation, listReservations, reservationNamed } from "./reservations.ts";

export function resourceHandlers(desk: ResourceDesk): Handlers<typeof resourceService> {
  return {
    setQuota: async (request, context) => ({ quota: await setQuota(desk, request, context) }),
    getQuota: async ({ quotaId }, context) => ({ quota: await quotaNamed(desk, quotaId, context) }),
    listQuotas: (request, context) => listQuotas(desk, request, context),
    deleteQuota: (request, context) => deleteQuota(desk, request, context),
    listResources: (request, context) => listResources(desk, request, context),
    createReservation: (request, context) => createReservation(desk, request, context),
    getReservation: async ({ reservationId }, context) => ({
      reservation: await reservationNamed(desk, reservationId, context),
    }),
    listReservations: (request, context) => listReservations(desk, request, context),
    deleteReservation: (request, context) => deleteReservation(desk, request, context),
    claimAllotments: (request, context) => claimAllotments(desk, request, context),
    listAllocations: (request, context) => listAllocations(desk, request, context),
    explainAllocation: (request, context) => explainAllocation(desk, request, context),
    addDependency: (request, context) => addDependency(desk, request, context),
    removeDependency: (request, context) => removeDependency(desk, request, context),
    listDependencies: (request, context) => listDependencies(desk, request, context),
  };
}
