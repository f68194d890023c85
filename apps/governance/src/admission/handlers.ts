import type { admissionService } from "@tutti/contracts/governance/v1";
import type { Handlers } from "@tutti/mesh";
import { type FindingDependencies, listFindings, storeFindings } from "./findings.ts";
import type { PreviewDependencies } from "./preview.ts";
import { createReport, getReport, listFrameworks, listReports, type ReportDependencies } from "./reports.ts";
import { checkAdmission, deleteRule, getRule, listRules, setRule, testRule } from "./rules.ts";
import { type ValidatingDependencies, validateFiles } from "./validating.ts";
import { listRuleVersions, rollBackRule } from "./versions.ts";

/** Loaded on demand: it reads definitions, which most processes with the service never do. */
const preview = () => import("./preview.ts");

export function admissionHandlers(
  dependencies: FindingDependencies & ReportDependencies & ValidatingDependencies & PreviewDependencies,
): Handlers<typeof admissionService> {
  return {
    setRule: (request, context) => setRule(dependencies, request, context),
    getRule: (request, context) => getRule(dependencies, request, context),
    listRules: (request, context) => listRules(dependencies, request, context),
    deleteRule: (request, context) => deleteRule(dependencies, request, context),
    listRuleVersions: (request, context) => listRuleVersions(dependencies, request, context),
    rollBackRule: (request, context) => rollBackRule(dependencies, request, context),
    previewRules: async (request, context) => (await preview()).previewRules(dependencies, request, context),
    testRule: async (request, context) => testRule(dependencies, request, context),
    checkAdmission: (request, context) => checkAdmission(dependencies, request, context),
    validate: (request, context) => validateFiles(dependencies, request, context),
    listFindings: (request, context) => listFindings(dependencies, request, context),
    recordFindings: (requests, context) => storeFindings(dependencies, requests, context),
    listFrameworks: (_request, context) => listFrameworks(dependencies, context),
    createReport: (request, context) => createReport(dependencies, request, context),
    getReport: (request, context) => getReport(dependencies, request, context),
    listReports: (request, context) => listReports(dependencies, request, context),
  };
}
