import {
  CreateScalerRequest,
  DeleteScalerRequest,
  GetScalerRequest,
  ListScalersRequest,
  ListScalingsRequest,
  scalerService,
  UpdateScalerRequest,
} from "@tutti/contracts/swarm/v1";
import { describeRefusals } from "@tutti/host/testing";
import { swarm } from "../src/service.ts";

const long = "x".repeat(2_000);
const driver = { $case: "process" as const, value: { command: ["node"] } };

describeRefusals({
  contract: scalerService,
  services: [swarm],
  table: {
    createScaler: {
      malformed: CreateScalerRequest.fromPartial({ scaler: { scalerId: "a b", driver } }),
      field: "scaler.scaler_id",
      tooLarge: CreateScalerRequest.fromPartial({
        scaler: { scalerId: "crew", driver: { ...driver, value: { command: [long] } } },
      }),
    },
    getScaler: {
      malformed: GetScalerRequest.fromPartial({ scalerId: "" }),
      field: "scaler_id",
      tooLarge: GetScalerRequest.fromPartial({ scalerId: long }),
    },
    listScalers: {
      malformed: ListScalersRequest.fromPartial({ pool: "Not A Name" }),
      field: "pool",
      tooLarge: ListScalersRequest.fromPartial({ page: { token: long } }),
    },
    updateScaler: {
      malformed: UpdateScalerRequest.fromPartial({ scaler: { scalerId: "crew", driver, idleMs: -1 } }),
      field: "scaler.idle_ms",
      tooLarge: UpdateScalerRequest.fromPartial({ scaler: { scalerId: "crew", driver }, reason: long }),
    },
    deleteScaler: {
      malformed: DeleteScalerRequest.fromPartial({ scalerId: "a b" }),
      field: "scaler_id",
      tooLarge: DeleteScalerRequest.fromPartial({ scalerId: "crew", reason: long }),
    },
    listScalings: {
      malformed: ListScalingsRequest.fromPartial({ scalerId: "a b" }),
      field: "scaler_id",
      tooLarge: ListScalingsRequest.fromPartial({ scalerId: "crew", page: { token: long } }),
    },
  },
});
