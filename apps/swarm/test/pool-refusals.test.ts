import {
  CreatePoolRequest,
  DeletePoolLimitRequest,
  DeletePoolRequest,
  ExplainPlacementRequest,
  GetPoolRequest,
  GetPoolUseRequest,
  ListPoolLimitsRequest,
  ListPoolsRequest,
  ListQueueRequest,
  PausePoolRequest,
  poolService,
  ResumePoolRequest,
  SetPoolLimitRequest,
  UpdatePoolRequest,
  WatchPoolsRequest,
} from "@tutti/contracts/swarm/v1";
import { describeRefusals } from "@tutti/host/testing";
import { swarm } from "../src/service.ts";

const services = [swarm];
const long = "x".repeat(2_000);

describeRefusals({
  contract: poolService,
  services,
  table: {
    createPool: {
      malformed: CreatePoolRequest.fromPartial({ pool: { pool: "Not A Name" } }),
      field: "pool.pool",
      tooLarge: CreatePoolRequest.fromPartial({ pool: { pool: "gpu", description: long } }),
    },
    getPool: {
      malformed: GetPoolRequest.fromPartial({ pool: "Not A Name" }),
      field: "pool",
      tooLarge: GetPoolRequest.fromPartial({ pool: long }),
    },
    getPoolUse: {
      malformed: GetPoolUseRequest.fromPartial({ pool: "Not A Name" }),
      field: "pool",
      tooLarge: GetPoolUseRequest.fromPartial({ pool: long }),
    },
    listPools: {
      malformed: ListPoolsRequest.fromPartial({ namespace: "Default" }),
      field: "namespace",
      tooLarge: ListPoolsRequest.fromPartial({ page: { token: long } }),
    },
    watchPools: {
      malformed: WatchPoolsRequest.fromPartial({ namespace: "Default" }),
      field: "namespace",
      tooLarge: WatchPoolsRequest.fromPartial({ cursor: long }),
    },
    updatePool: {
      malformed: UpdatePoolRequest.fromPartial({ pool: { pool: "gpu", ageingMs: -1 } }),
      field: "pool.ageing_ms",
      tooLarge: UpdatePoolRequest.fromPartial({ pool: { pool: "gpu" }, reason: long }),
    },
    deletePool: {
      malformed: DeletePoolRequest.fromPartial({ pool: "" }),
      field: "pool",
      tooLarge: DeletePoolRequest.fromPartial({ pool: "gpu", reason: long }),
    },
    pausePool: {
      malformed: PausePoolRequest.fromPartial({ pool: "Not A Name" }),
      field: "pool",
      tooLarge: PausePoolRequest.fromPartial({ reason: long }),
    },
    resumePool: {
      malformed: ResumePoolRequest.fromPartial({ slowStartMs: -1 }),
      field: "slow_start_ms",
      tooLarge: ResumePoolRequest.fromPartial({ reason: long }),
    },
    setPoolLimit: {
      malformed: SetPoolLimitRequest.fromPartial({ limit: { key: "" } }),
      field: "limit.key",
      tooLarge: SetPoolLimitRequest.fromPartial({ limit: { key: "api", description: long } }),
    },
    listPoolLimits: {
      malformed: ListPoolLimitsRequest.fromPartial({ prefix: "x".repeat(201) }),
      field: "prefix",
      tooLarge: ListPoolLimitsRequest.fromPartial({ page: { token: long } }),
    },
    deletePoolLimit: {
      malformed: DeletePoolLimitRequest.fromPartial({ key: "" }),
      field: "key",
      tooLarge: DeletePoolLimitRequest.fromPartial({ key: "api", reason: long }),
    },
    explainPlacement: {
      malformed: ExplainPlacementRequest.fromPartial({ work: { id: "a b" } }),
      field: "work.id",
      tooLarge: ExplainPlacementRequest.fromPartial({ work: { id: "run-1", task: long } }),
    },
    listQueue: {
      malformed: ListQueueRequest.fromPartial({ capability: "Not A Name" }),
      field: "capability",
      tooLarge: ListQueueRequest.fromPartial({ page: { token: long } }),
    },
  },
});
