import {
  admissionService,
  CheckAdmissionRequest,
  CreateReportRequest,
  DeleteRuleRequest,
  GetReportRequest,
  GetRuleRequest,
  ListFindingsRequest,
  ListFrameworksRequest,
  ListReportsRequest,
  ListRulesRequest,
  ListRuleVersionsRequest,
  PreviewRulesRequest,
  RecordFindingsRequest,
  RollBackRuleRequest,
  SetRuleRequest,
  TestRuleRequest,
  ValidateRequest,
} from "@tutti/contracts/governance/v1";
import { describeRefusals } from "@tutti/host/testing";
import { governance } from "../../src/service.ts";
import { rowOf } from "./row.fixture.ts";

describeRefusals({
  contract: admissionService,
  service: "governance",
  services: [governance],
  table: {
    setRule: rowOf(SetRuleRequest),
    getRule: rowOf(GetRuleRequest),
    listRules: rowOf(ListRulesRequest),
    deleteRule: rowOf(DeleteRuleRequest),
    listRuleVersions: rowOf(ListRuleVersionsRequest),
    rollBackRule: rowOf(RollBackRuleRequest),
    previewRules: rowOf(PreviewRulesRequest),
    testRule: rowOf(TestRuleRequest),
    checkAdmission: rowOf(CheckAdmissionRequest),
    validate: rowOf(ValidateRequest),
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
