import {
  estimateService,
  GetModelRequest,
  ListModelsRequest,
  PredictRequest,
  ReadExperienceRequest,
  RecordOutcomesRequest,
  ResetModelRequest,
  WatchEstimatesRequest,
} from "@tutti/contracts/intelligence/v1";
import { describeRefusals } from "@tutti/host/testing";
import { master } from "../../src/service.ts";

const long = "x".repeat(2_000);
const subject = { capability: "pay.charge" };

describeRefusals({
  contract: estimateService,
  service: "master",
  services: [master],
  table: {
    predict: {
      malformed: PredictRequest.fromPartial({ subjects: [{ capability: "Pay" }] }),
      field: "subjects[0].capability",
      tooLarge: PredictRequest.fromPartial({ subjects: [{ ...subject, definitionTask: long }] }),
    },
    watchEstimates: {
      malformed: WatchEstimatesRequest.fromPartial({ pool: "Pool 1" }),
      field: "pool",
      tooLarge: WatchEstimatesRequest.fromPartial({ cursor: long }),
    },
    readExperience: {
      malformed: ReadExperienceRequest.fromPartial({ count: -1 }),
      field: "count",
      tooLarge: "cannot be",
    },
    recordOutcomes: {
      malformed: RecordOutcomesRequest.fromPartial({ batch: 1, outcomes: [{ subject, runMs: -1 }] }),
      field: "outcomes[0].run_ms",
      tooLarge: RecordOutcomesRequest.fromPartial({ batch: 1, outcomes: [{ subject, errorCode: long }] }),
    },
    listModels: {
      malformed: ListModelsRequest.fromPartial({ capability: "Pay" }),
      field: "capability",
      tooLarge: ListModelsRequest.fromPartial({ page: { token: long } }),
    },
    getModel: {
      malformed: GetModelRequest.fromPartial({ modelId: "a b" }),
      field: "model_id",
      tooLarge: GetModelRequest.fromPartial({ modelId: long }),
    },
    resetModel: {
      malformed: ResetModelRequest.fromPartial({ modelId: "" }),
      field: "model_id",
      tooLarge: ResetModelRequest.fromPartial({ modelId: "pay.charge", reason: long }),
    },
  },
});
