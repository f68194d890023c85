import {
  ChooseModeRequest,
  ListChoicesRequest,
  PlanRequest,
  planningService,
  RecordChoicesRequest,
} from "@tutti/contracts/intelligence/v1";
import { describeRefusals } from "@tutti/host/testing";
import { master } from "../../src/service.ts";

const long = "x".repeat(2_000);

describeRefusals({
  contract: planningService,
  service: "master",
  services: [master],
  table: {
    plan: {
      malformed: PlanRequest.fromPartial({ tasks: [{ taskId: "a b" }] }),
      field: "tasks[0].task_id",
      tooLarge: PlanRequest.fromPartial({
        agents: Array.from({ length: 100 }, (_, at) => ({ agentId: `agent-${at}`, slots: 1 })),
      }),
    },
    chooseMode: {
      malformed: ChooseModeRequest.fromPartial({ candidates: [] }),
      field: "candidates",
      tooLarge: ChooseModeRequest.fromPartial({ candidates: [{ mode: 1, reason: long }] }),
    },
    recordChoices: {
      malformed: RecordChoicesRequest.fromPartial({ choices: [] }),
      field: "choices",
      tooLarge: RecordChoicesRequest.fromPartial({ choices: [{ reason: long }] }),
    },
    listChoices: {
      malformed: ListChoicesRequest.fromPartial({ kind: "A b" }),
      field: "kind",
      tooLarge: ListChoicesRequest.fromPartial({ page: { token: long } }),
    },
  },
});
