import type { Command } from "../declaration.ts";
import { all, page, reason, size } from "./options.ts";

const rules = () => import("../../commands/rule.ts");
const versions = () => import("../../commands/rule-versions.ts");
const compliance = () => import("../../commands/compliance.ts");

export const admissionCommands: readonly Command[] = [
  {
    name: "rule list",
    group: "access",
    summary: "admission rules: what they are about, and which controls they serve",
    options: [size, page, all],
    json: "document",
    load: () => rules().then(({ listRules }) => listRules),
  },
  {
    name: "rule set",
    group: "access",
    summary: "sets the rules of a file, once all of it is right",
    arguments: [{ name: "FILE", summary: "rules: [{ruleId, subject, condition, …}]", completes: "file" }],
    options: [reason],
    json: "lines",
    load: () => rules().then(({ setRules }) => setRules),
  },
  {
    name: "rule impact",
    group: "access",
    summary: "what rules would say of the latest starts, of definitions and of agents; nothing is set",
    arguments: [
      {
        name: "FILE",
        summary: "rules: [{ruleId, subject, condition, …}]",
        isOptional: true,
        completes: "file",
      },
    ],
    options: [
      { name: "rule", value: "ID", summary: "instead of a file a rule as it was, with --version" },
      { name: "version", value: "N", summary: "the version that would be gone back to" },
      { name: "size", value: "N", summary: "how many of the latest starts (100)" },
    ],
    json: "document",
    load: () => import("../../commands/rule-impact.ts").then(({ previewRules }) => previewRules),
  },
  {
    name: "rule versions",
    group: "access",
    summary: "a rule as it was: who changed it, when and why, and in which fields",
    arguments: [{ name: "ID", summary: "the rule, which may have been taken away" }],
    options: [size, page, all],
    json: "document",
    load: () => versions().then(({ listRuleVersions }) => listRuleVersions),
  },
  {
    name: "rule diff",
    group: "access",
    summary: "in which fields a rule is another one than in a version",
    arguments: [
      { name: "ID", summary: "the rule" },
      { name: "VERSION", summary: "the former version" },
      { name: "OTHER", summary: "the later version (the latest)", isOptional: true },
    ],
    json: "document",
    load: () => versions().then(({ diffRule }) => diffRule),
  },
  {
    name: "rule rollback",
    group: "access",
    summary: "sets a rule as it was in a version, which makes a new version",
    arguments: [
      { name: "ID", summary: "the rule" },
      { name: "VERSION", summary: "the version" },
    ],
    options: [reason],
    json: "document",
    load: () => versions().then(({ rollBackRule }) => rollBackRule),
  },
  {
    name: "rule delete",
    group: "access",
    summary: "takes a rule away",
    arguments: [{ name: "ID", summary: "the rule" }],
    options: [reason],
    json: "document",
    load: () => rules().then(({ deleteRule }) => deleteRule),
  },
  {
    name: "rule findings",
    group: "access",
    summary: "what rules found, each with its record of the audit",
    options: [
      { name: "rule", value: "ID", summary: "by this rule" },
      { name: "framework", value: "NAME", summary: "by rules that serve this framework" },
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
    summary: "frameworks that rules serve, and how many of their controls are open",
    json: "document",
    load: () => compliance().then(({ listFrameworks }) => listFrameworks),
  },
  {
    name: "compliance report",
    group: "access",
    summary: "how a framework is kept, each line with its evidence; fails where a control is not",
    arguments: [{ name: "FRAMEWORK", summary: "soc2" }],
    options: [
      { name: "within", value: "SPAN", summary: "of the last so long (30d)" },
      { name: "html", summary: "as a page of its own" },
    ],
    json: "document",
    load: () => compliance().then(({ report }) => report),
  },
];
