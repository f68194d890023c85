import {
  AuditFilter,
  auditService,
  ExportRecordsRequest,
  GetCheckpointRequest,
  GetRecordRequest,
  ListCheckpointsRequest,
  ProveConsistencyRequest,
  ProveInclusionRequest,
  RecordRefusalsRequest,
  SearchRecordsRequest,
  VerifyAuditRequest,
  WatchCheckpointsRequest,
} from "@tutti/contracts/governance/v1";
import { describeRefusals } from "@tutti/host/testing";
import { governance } from "../../src/service.ts";

const long = "x".repeat(2_000);
const wide = Array.from({ length: 20 }, () => ({ namespace: "shop", action: "x".repeat(100) }));

describeRefusals({
  contract: { ...auditService, area: "governance" },
  services: [governance],
  table: {
    searchRecords: {
      malformed: SearchRecordsRequest.fromPartial({ filter: { action: "x".repeat(201) } }),
      field: "filter.action",
      tooLarge: SearchRecordsRequest.fromPartial({ page: { token: long } }),
    },
    getRecord: {
      malformed: GetRecordRequest.create(),
      field: "record_id",
      tooLarge: GetRecordRequest.fromPartial({ recordId: long }),
    },
    exportRecords: {
      malformed: ExportRecordsRequest.fromPartial({ namespace: "No name" }),
      field: "namespace",
      tooLarge: ExportRecordsRequest.fromPartial({ filter: AuditFilter.fromPartial({ text: long }) }),
    },
    recordRefusals: {
      malformed: RecordRefusalsRequest.create(),
      field: "batch",
      tooLarge: RecordRefusalsRequest.fromPartial({ batch: 1, records: wide }),
    },
    getCheckpoint: {
      malformed: GetCheckpointRequest.fromPartial({ number: -1 }),
      field: "number",
      tooLarge: "cannot be",
    },
    listCheckpoints: {
      malformed: ListCheckpointsRequest.fromPartial({ page: { token: "x".repeat(4_097) } }),
      field: "page.token",
      tooLarge: ListCheckpointsRequest.fromPartial({ page: { token: long } }),
    },
    watchCheckpoints: {
      malformed: WatchCheckpointsRequest.fromPartial({ afterNumber: -1 }),
      field: "after_number",
      tooLarge: "cannot be",
    },
    proveInclusion: {
      malformed: ProveInclusionRequest.fromPartial({ recordId: "workflow/1/1/1", checkpoint: -1 }),
      field: "checkpoint",
      tooLarge: ProveInclusionRequest.fromPartial({ recordId: long }),
    },
    proveConsistency: {
      malformed: ProveConsistencyRequest.create(),
      field: "first",
      tooLarge: "cannot be",
    },
    verifyAudit: {
      malformed: VerifyAuditRequest.fromPartial({ fromCheckpoint: -1 }),
      field: "from_checkpoint",
      tooLarge: VerifyAuditRequest.fromPartial({ cursor: long }),
    },
    listSigningKeys: { malformed: "cannot be", tooLarge: "cannot be" },
  },
});
