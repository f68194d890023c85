/** Resources between sessions: quotas, reservations, allocations, and dependencies. */
import type { resourceService } from "@tutti/contracts/session/v1";
import type { Handlers } from "@tutti/mesh";
import { explainAllocation, listAllocations, listResources } from "./allocations.ts";
import { addDependency, listDependencies, removeDependency } from "./dependencies.ts";
import { claimAllotments, deleteQuota, listQuotas, quotaNamed, setQuota } from "./quotas.ts";
import { createReservation, deleteReservation, listReservations, reservationNamed } from "./reservations.ts";
import type { ResourceDependencies } from "./resource-dependencies.ts";

export function resourceHandlers(dependencies: ResourceDependencies): Handlers<typeof resourceService> {
  return {
    setQuota: async (request, context) => ({ quota: await setQuota(dependencies, request, context) }),
    getQuota: async ({ quotaId }, context) => ({ quota: await quotaNamed(dependencies, quotaId, context) }),
    listQuotas: (request, context) => listQuotas(dependencies, request, context),
    deleteQuota: (request, context) => deleteQuota(dependencies, request, context),
    listResources: (request, context) => listResources(dependencies, request, context),
    createReservation: (request, context) => createReservation(dependencies, request, context),
    getReservation: async ({ reservationId }, context) => ({
      reservation: await reservationNamed(dependencies, reservationId, context),
    }),
    listReservations: (request, context) => listReservations(dependencies, request, context),
    deleteReservation: (request, context) => deleteReservation(dependencies, request, context),
    claimAllotments: (request, context) => claimAllotments(dependencies, request, context),
    listAllocations: (request, context) => listAllocations(dependencies, request, context),
    explainAllocation: (request, context) => explainAllocation(dependencies, request, context),
    addDependency: (request, context) => addDependency(dependencies, request, context),
    removeDependency: (request, context) => removeDependency(dependencies, request, context),
    listDependencies: (request, context) => listDependencies(dependencies, request, context),
  };
}
