import { ApplyBulkRequest, bulkService, PreviewBulkRequest } from "@tutti/contracts/workflow/v1";
import { describeRefusals } from "@tutti/host/testing";
import { workflow } from "../../src/service.ts";

const long = "x".repeat(2_000);
const action = { action: { $case: "pause" as const, value: {} } };

describeRefusals({
  contract: bulkService,
  services: [workflow],
  table: {
    previewBulk: {
      malformed: PreviewBulkRequest.fromPartial({ filter: {} }),
      field: "action",
      tooLarge: PreviewBulkRequest.fromPartial({ filter: { text: long }, action }),
    },
    applyBulk: {
      malformed: ApplyBulkRequest.fromPartial({ previewToken: "a" }),
      field: "reason",
      tooLarge: ApplyBulkRequest.fromPartial({ previewToken: long, reason: "x" }),
    },
  },
});
