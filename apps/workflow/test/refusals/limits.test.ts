import {
  DeleteLimitRequest,
  EvictHolderRequest,
  GetLimitRequest,
  ListHoldersRequest,
  ListLimitsRequest,
  limitService,
  SetLimitRequest,
} from "@tutti/contracts/workflow/v1";
import { describeRefusals } from "@tutti/host/testing";
import { workflow } from "../../src/service.ts";

const long = "x".repeat(2_000);

describeRefusals({
  contract: limitService,
  services: [workflow],
  table: {
    setLimit: {
      malformed: SetLimitRequest.fromPartial({ limit: { key: "" } }),
      field: "limit.key",
      tooLarge: SetLimitRequest.fromPartial({ limit: { key: "a", description: long } }),
    },
    getLimit: {
      malformed: GetLimitRequest.fromPartial({ key: "a b" }),
      field: "key",
      tooLarge: GetLimitRequest.fromPartial({ key: long }),
    },
    listLimits: {
      malformed: ListLimitsRequest.fromPartial({ namespace: "Default" }),
      field: "namespace",
      tooLarge: ListLimitsRequest.fromPartial({ prefix: long }),
    },
    deleteLimit: {
      malformed: DeleteLimitRequest.fromPartial({ key: "" }),
      field: "key",
      tooLarge: DeleteLimitRequest.fromPartial({ key: "a", reason: long }),
    },
    listHolders: {
      malformed: ListHoldersRequest.fromPartial({ key: "" }),
      field: "key",
      tooLarge: ListHoldersRequest.fromPartial({ key: long }),
    },
    evictHolder: {
      malformed: EvictHolderRequest.fromPartial({ key: "a", work: { id: "run_1" } }),
      field: "reason",
      tooLarge: EvictHolderRequest.fromPartial({ key: "a", work: { id: "run_1" }, reason: long }),
    },
  },
});
