import {
  CheckAdmissionRequest,
  CreateReportRequest,
  DeleteRuleRequest,
  GetReportRequest,
  GetRuleRequest,
  ListFindingsRequest,
  ListFrameworksRequest,
  ListReportsRequest,
  ListRulesRequest,
  RecordFindingsRequest,
  SetRuleRequest,
  TestRuleRequest,
} from "@tutti/contracts/governance/v1";
import { describeRefusals } from "@tutti/host/testing";
import { servedAdmission } from "../../src/admission/handlers.ts";
import { governance } from "../../src/service.ts";
import { rowOf } from "./row.fixture.ts";

describeRefusals({
  contract: servedAdmission,
  service: "governance",
  services: [governance],
  table: {
    setRule: rowOf(SetRuleRequest),
    getRule: rowOf(GetRuleRequest),
    listRules: rowOf(ListRulesRequest),
    deleteRule: rowOf(DeleteRuleRequest),
    testRule: rowOf(TestRuleRequest),
    checkAdmission: rowOf(CheckAdmissionRequest),
    listFindings: rowOf(ListFindingsRequest),
    listFrameworks: rowOf(ListFrameworksRequest),
    createReport: rowOf(CreateReportRequest),
    getReport: rowOf(GetReportRequest),
    listReports: rowOf(ListReportsRequest),
    recordFindings: {
      malformed: RecordFindingsRequest.fromPartial({ batch: 0 }),
      field: "batch",
      tooLarge: RecordFindingsRequest.fromPartial({ batch: 1, findings: [{ message: "x".repeat(2_000) }] }),
    },
  },
});
