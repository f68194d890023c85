import type { Command } from "../../command/declaration.ts";
import { all, page, reason, size, yes } from "../../command/options.ts";

const rules = () => import("./rule.ts");
const versions = () => import("./rule-versions.ts");
const compliance = () => import("./compliance.ts");

export const admissionCommands: readonly Command[] = [
  {
    name: "rule list",
    group: "access",
    summary: "List admission rules with subjects and controls",
    options: [size, page, all],
    json: "document",
    load: () => rules().then(({ listRules }) => listRules),
  },
  {
    name: "rule set",
    group: "access",
    summary: "Set the rules of a file, all or none",
    arguments: [{ name: "FILE", summary: "rules: [{ruleId, subject, condition, …}]", completes: "file" }],
    options: [reason],
    json: "lines",
    load: () => rules().then(({ setRules }) => setRules),
  },
  {
    name: "rule impact",
    group: "access",
    summary: "Preview rule decisions for recent starts, definitions and agents",
    arguments: [
      {
        name: "FILE",
        summary: "rules: [{ruleId, subject, condition, …}]",
        isOptional: true,
        completes: "file",
      },
    ],
    options: [
      { name: "rule", value: "ID", summary: "rule id" },
      { name: "version", value: "N", summary: "version number" },
      { name: "size", value: "N", summary: "maximum number of results. Default: 100" },
    ],
    json: "lines",
    load: () => import("./rule-impact.ts").then(({ previewRules }) => previewRules),
  },
  {
    name: "rule versions",
    group: "access",
    summary: "List the versions of a rule with author, reason and changed fields",
    arguments: [{ name: "ID", summary: "rule id. Deleted rules have versions too" }],
    options: [size, page, all],
    json: "document",
    load: () => versions().then(({ listRuleVersions }) => listRuleVersions),
  },
  {
    name: "rule diff",
    group: "access",
    summary: "Compare two versions of a rule",
    arguments: [
      { name: "ID", summary: "rule id" },
      { name: "VERSION", summary: "earlier version" },
      { name: "OTHER", summary: "later version. Default: latest", isOptional: true },
    ],
    json: "document",
    load: () => versions().then(({ diffRule }) => diffRule),
  },
  {
    name: "rule rollback",
    group: "access",
    summary: "Roll back a rule to an earlier version",
    arguments: [
      { name: "ID", summary: "rule id" },
      { name: "VERSION", summary: "version number" },
    ],
    options: [reason],
    json: "document",
    load: () => versions().then(({ rollBackRule }) => rollBackRule),
  },
  {
    name: "rule delete",
    group: "access",
    summary: "Delete a rule",
    arguments: [{ name: "ID", summary: "rule id" }],
    options: [reason, yes],
    confirm: (values) => `Delete rule ${values.argument("ID")}?`,
    json: "document",
    load: () => rules().then(({ deleteRule }) => deleteRule),
  },
  {
    name: "rule findings",
    group: "access",
    summary: "List rule findings with their audit records",
    options: [
      { name: "rule", value: "ID", summary: "rule id" },
      { name: "framework", value: "NAME", summary: "only rules for this framework" },
      size,
      page,
      all,
    ],
    json: "document",
    load: () => rules().then(({ listFindings }) => listFindings),
  },
  {
    name: "compliance list",
    group: "access",
    summary: "List compliance frameworks and their open controls",
    json: "document",
    load: () => compliance().then(({ listFrameworks }) => listFrameworks),
  },
  {
    name: "compliance report",
    group: "access",
    summary: "Report compliance with evidence. Fails if a control is not met",
    arguments: [{ name: "FRAMEWORK", summary: "soc2" }],
    options: [
      { name: "within", value: "SPAN", summary: "use evidence of this duration. Default: 30d" },
      { name: "html", summary: "print a complete HTML page" },
    ],
    json: "document",
    load: () => compliance().then(({ report }) => report),
  },
];
