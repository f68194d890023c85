import {
  AddDependencyRequest,
  ClaimAllotmentsRequest,
  CreateReservationRequest,
  DeleteQuotaRequest,
  DeleteReservationRequest,
  ExplainAllocationRequest,
  GetQuotaRequest,
  GetReservationRequest,
  ListAllocationsRequest,
  ListDependenciesRequest,
  ListQuotasRequest,
  ListReservationsRequest,
  ListResourcesRequest,
  RemoveDependencyRequest,
  resourceService,
  SetQuotaRequest,
} from "@tutti/contracts/session/v1";
import { describeRefusals } from "@tutti/host/testing";
import { master } from "../../src/service.ts";

const long = "x".repeat(2_000);
const session = { kind: "session", id: "one" };
const reservation = { reservationId: "night", amounts: { gpu: 1 }, span: {} };

describeRefusals({
  contract: resourceService,
  service: "master",
  services: [master],
  table: {
    setQuota: {
      malformed: SetQuotaRequest.fromPartial({ quota: { quotaId: "default", weight: -1 } }),
      field: "quota.weight",
      tooLarge: SetQuotaRequest.fromPartial({ quota: { quotaId: "default" }, reason: long }),
    },
    getQuota: {
      malformed: GetQuotaRequest.fromPartial({ quotaId: "a b" }),
      field: "quota_id",
      tooLarge: GetQuotaRequest.fromPartial({ quotaId: long }),
    },
    listQuotas: {
      malformed: ListQuotasRequest.fromPartial({ namespace: "Default" }),
      field: "namespace",
      tooLarge: ListQuotasRequest.fromPartial({ page: { token: long } }),
    },
    deleteQuota: {
      malformed: DeleteQuotaRequest.fromPartial({ quotaId: "" }),
      field: "quota_id",
      tooLarge: DeleteQuotaRequest.fromPartial({ quotaId: "default", reason: long }),
    },
    listResources: {
      malformed: ListResourcesRequest.fromPartial({ pool: "Pool 1" }),
      field: "pool",
      tooLarge: ListResourcesRequest.fromPartial({ page: { token: long } }),
    },
    createReservation: {
      malformed: CreateReservationRequest.fromPartial({ reservation: { ...reservation, pool: "Pool 1" } }),
      field: "reservation.pool",
      tooLarge: CreateReservationRequest.fromPartial({ reservation: { ...reservation, description: long } }),
    },
    getReservation: {
      malformed: GetReservationRequest.fromPartial({ reservationId: "a b" }),
      field: "reservation_id",
      tooLarge: GetReservationRequest.fromPartial({ reservationId: long }),
    },
    listReservations: {
      malformed: ListReservationsRequest.fromPartial({ pool: "Pool 1" }),
      field: "pool",
      tooLarge: ListReservationsRequest.fromPartial({ page: { token: long } }),
    },
    deleteReservation: {
      malformed: DeleteReservationRequest.fromPartial({ reservationId: "" }),
      field: "reservation_id",
      tooLarge: DeleteReservationRequest.fromPartial({ reservationId: "night", reason: long }),
    },
    claimAllotments: {
      malformed: ClaimAllotmentsRequest.fromPartial({ pool: "" }),
      field: "pool",
      tooLarge: ClaimAllotmentsRequest.fromPartial({ pool: long }),
    },
    listAllocations: {
      malformed: ListAllocationsRequest.fromPartial({ pool: "Pool 1" }),
      field: "pool",
      tooLarge: ListAllocationsRequest.fromPartial({ page: { token: long } }),
    },
    explainAllocation: {
      malformed: ExplainAllocationRequest.fromPartial({ sessionId: "" }),
      field: "session_id",
      tooLarge: ExplainAllocationRequest.fromPartial({ sessionId: long }),
    },
    addDependency: {
      malformed: AddDependencyRequest.fromPartial({ sessionId: "one" }),
      field: "dependency",
      tooLarge: AddDependencyRequest.fromPartial({ sessionId: "one", dependency: { session }, reason: long }),
    },
    removeDependency: {
      malformed: RemoveDependencyRequest.fromPartial({ sessionId: "one" }),
      field: "session",
      tooLarge: RemoveDependencyRequest.fromPartial({ sessionId: "one", session, reason: long }),
    },
    listDependencies: {
      malformed: ListDependenciesRequest.fromPartial({ sessionId: "" }),
      field: "session_id",
      tooLarge: ListDependenciesRequest.fromPartial({ sessionId: long }),
    },
  },
});
