import { queryOptions } from "@tanstack/react-query";
import type {
  ExplainAllocationReply,
  ListAllocationsReply,
  ListDeadlocksReply,
  ListQuotasReply,
  ListReservationsReply,
  ListResourcesReply,
} from "@tutti/rest/types";
import { pathOf } from "../elements/spelled.ts";
import { read } from "./queries.ts";

/** Queries of the page of resources. Pools have the data without events, so it is polled. */

/** More than a person reads on one page. */
const size = 200;

export const resourcesQuery = () =>
  queryOptions({
    queryKey: ["resources"],
    queryFn: ({ signal }) => read<ListResourcesReply>(pathOf(["resources"], { size }), signal),
  });

export const allocationsQuery = () =>
  queryOptions({
    queryKey: ["resources", { allocations: true }],
    queryFn: ({ signal }) => read<ListAllocationsReply>(pathOf(["allocations"], { size }), signal),
  });

export const allocationQuery = (sessionId: string) =>
  queryOptions({
    queryKey: ["resources", { allocation: sessionId }],
    queryFn: ({ signal }) => read<ExplainAllocationReply>(pathOf(["allocations", sessionId]), signal),
  });

export const quotasQuery = () =>
  queryOptions({
    queryKey: ["resources", { quotas: true }],
    queryFn: ({ signal }) => read<ListQuotasReply>(pathOf(["quotas"], { size }), signal),
  });

export const reservationsQuery = () =>
  queryOptions({
    queryKey: ["resources", { reservations: true }],
    queryFn: ({ signal }) => read<ListReservationsReply>(pathOf(["reservations"], { size }), signal),
  });

export const deadlocksQuery = () =>
  queryOptions({
    queryKey: ["resources", { deadlocks: true }],
    queryFn: ({ signal }) => read<ListDeadlocksReply>(pathOf(["deadlocks"], { size: 20 }), signal),
  });
