import type { admissionService } from "@tutti/contracts/governance/v1";
import type { Handlers } from "@tutti/mesh";
import { type FindingDesk, listFindings, takeBatches } from "./findings.ts";
import type { PreviewDesk } from "./preview.ts";
import { createReport, getReport, listFrameworks, listReports, type ReportDesk } from "./reports.ts";
import { checkAdmission, deleteRule, getRule, listRules, setRule, testRule } from "./rules.ts";
import { type ValidatingDesk, validateFiles } from "./validating.ts";
import { listRuleVersions, rollBackRule } from "./versions.ts";

/** It reads definitions, which most processes with the service never do. */
const preview = () => import("./preview.ts");

export function admissionHandlers(
  desk: FindingDesk & ReportDesk & ValidatingDesk & PreviewDesk,
): Handlers<typeof admissionService> {
  return {
    setRule: (request, context) => setRule(desk, request, context),
    getRule: (request, context) => getRule(desk, request, context),
    listRules: (request, context) => listRules(desk, request, context),
    deleteRule: (request, context) => deleteRule(desk, request, context),
    listRuleVersions: (request, context) => listRuleVersions(desk, request, context),
    rollBackRule: (request, context) => rollBackRule(desk, request, context),
    previewRules: async (request, context) => (await preview()).previewRules(desk, request, context),
    testRule: async (request, context) => testRule(desk, request, context),
    checkAdmission: (request, context) => checkAdmission(desk, request, context),
    validate: (request, context) => validateFiles(desk, request, context),
    listFindings: (request, context) => listFindings(desk, request, context),
    recordFindings: (requests, context) => takeBatches(desk, requests, context),
    listFrameworks: (_request, context) => listFrameworks(desk, context),
    createReport: (request, context) => createReport(desk, request, context),
    getReport: (request, context) => getReport(desk, request, context),
    listReports: (request, context) => listReports(desk, request, context),
  };
}
