import type { Route } from "./route.ts";

const admission = "tutti.governance.v1.AdmissionService";
const rule = { id: "ruleId" };

export const admissionRoutes = [
  { name: "rules.list", method: "GET", path: "/v1/rules", rpc: `${admission}/ListRules` },
  { name: "rules.get", method: "GET", path: "/v1/rules/{id}", rpc: `${admission}/GetRule`, params: rule },
  {
    name: "rules.set",
    method: "PUT",
    path: "/v1/rules/{id}",
    rpc: `${admission}/SetRule`,
    params: { id: "rule.ruleId" },
    body: "rule",
  },
  {
    name: "rules.delete",
    method: "DELETE",
    path: "/v1/rules/{id}",
    rpc: `${admission}/DeleteRule`,
    params: rule,
  },
  {
    name: "rules.versions",
    method: "GET",
    path: "/v1/rules/{id}/versions",
    rpc: `${admission}/ListRuleVersions`,
    params: rule,
  },
  {
    name: "rules.rollBack",
    method: "POST",
    path: "/v1/rules/{id}/roll-back",
    rpc: `${admission}/RollBackRule`,
    params: rule,
  },
  { name: "rules.impact", method: "POST", path: "/v1/rules/impact", rpc: `${admission}/PreviewRules` },
  { name: "rules.test", method: "POST", path: "/v1/rules/test", rpc: `${admission}/TestRule` },
  { name: "rules.check", method: "POST", path: "/v1/rules/check", rpc: `${admission}/CheckAdmission` },
  { name: "files.validate", method: "POST", path: "/v1/validate", rpc: `${admission}/Validate` },
  { name: "findings.list", method: "GET", path: "/v1/findings", rpc: `${admission}/ListFindings` },
  {
    name: "frameworks.list",
    method: "GET",
    path: "/v1/compliance/frameworks",
    rpc: `${admission}/ListFrameworks`,
  },
  { name: "reports.list", method: "GET", path: "/v1/compliance/reports", rpc: `${admission}/ListReports` },
  {
    name: "reports.create",
    method: "POST",
    path: "/v1/compliance/reports",
    rpc: `${admission}/CreateReport`,
  },
  {
    name: "reports.get",
    method: "GET",
    path: "/v1/compliance/reports/{id}",
    rpc: `${admission}/GetReport`,
    params: { id: "reportId" },
  },
] as const satisfies readonly Route[];
