/** The draft of a rule, and its request. */
import type { AdmissionRule, AdmissionRuleInput } from "@tutti/rest/types";
import { enforcements, type Named, oneOf } from "../drafting/named.ts";

export const subjects = ["request", "definition", "plan", "result", "agent"] as const;
export const verdicts = ["deny", "note", "approval", "change"] as const;
export const severities = ["info", "warning", "error", "critical"] as const;

export interface RuleDraft extends Named {
  readonly subject: (typeof subjects)[number];
  readonly when: string;
  readonly condition: string;
  readonly verdict: (typeof verdicts)[number];
  /** For rules that refuse, log or ask. */
  readonly message: string;
  /** For rules that change requests: a line `path = expression` for each field. */
  readonly set: string;
  /** For rules that ask: names between commas. */
  readonly deciders: string;
  readonly severity: (typeof severities)[number];
  /** `soc2 CC6.1` between commas. */
  readonly controls: string;
  /** Fields without an input on the page. They are kept unchanged. */
  readonly rest: Pick<AdmissionRule, "cases" | "labels"> & Partial<Pick<AdmissionRule, "approval">>;
}

/** A new one starts in shadow mode. */
export const emptyRule: RuleDraft = {
  id: "",
  description: "",
  subject: "request",
  verdict: "deny",
  set: "",
  deciders: "",
  controls: "",
  when: 'call.action == "workflow.runs.start" && has(subject.spec.input)',
  condition: "!has(subject.spec.input.amount) || subject.spec.input.amount <= 1000",
  message: "amount must be at most 1000, got ${{ subject.spec.input.amount }}",
  severity: "warning",
  enforcement: "shadow",
  rest: { cases: [], labels: {} },
};

export function draftOfRule(rule: AdmissionRule): RuleDraft {
  const { ruleId: id = "", description = "", when = "", condition = "", controls, cases, labels } = rule;
  const { deny, note, approval, change } = rule;
  return {
    id,
    description,
    when,
    condition,
    subject: oneOf(subjects, rule.subject, "request"),
    verdict: change ? "change" : approval ? "approval" : note ? "note" : "deny",
    message: (deny ?? note ?? approval)?.message ?? "",
    set: Object.entries(change?.set ?? {})
      .map(([path, expression]) => `${path} = ${expression}`)
      .join("\n"),
    deciders: (approval?.deciders ?? []).join(", "),
    severity: oneOf(severities, rule.severity, "warning"),
    enforcement: oneOf(enforcements, rule.enforcement, "enforced"),
    controls: controls.map(({ framework, control }) => `${framework} ${control}`).join(", "),
    rest: { cases, labels, ...(approval && { approval }) },
  };
}

export interface RuleProblems {
  readonly id?: string;
  readonly set?: string;
  readonly controls?: string;
}

export function ruleProblems({ id, verdict, set, controls }: RuleDraft): RuleProblems {
  const isId = /^[A-Za-z0-9][\w.:@-]{0,199}$/.test(id);
  const isSet =
    verdict !== "change" || (set.trim() !== "" && linesOf(set).every((line) => line.includes("=")));
  const areControls = partsOf(controls).every((part) => /^\S+\s+\S+$/.test(part));
  return {
    ...(isId ? {} : { id: "Expected letters, digits, - or _. Example: largest-order" }),
    ...(isSet ? {} : { set: 'expected a line for each field, as spec.labels.checked = "yes"' }),
    ...(areControls ? {} : { controls: "expected a framework and a control, as soc2 CC6.1" }),
  };
}

/** Returns the rule that a draft makes, as REST has it. */
export function ruleOfDraft(draft: RuleDraft): AdmissionRuleInput {
  const { id, description, subject, when, condition, severity, enforcement, controls, rest } = draft;
  return {
    ruleId: id,
    subject,
    severity,
    enforcement,
    ...(description === "" ? {} : { description }),
    ...(when.trim() === "" ? {} : { when }),
    ...(condition.trim() === "" ? {} : { condition }),
    ...verdictOf(draft),
    controls: partsOf(controls).map((part) => {
      const [framework = "", control = ""] = part.split(/\s+/);
      return { framework, control };
    }),
    labels: rest.labels,
    cases: rest.cases as NonNullable<AdmissionRuleInput["cases"]>,
  };
}

function verdictOf({ verdict, message, set, deciders, rest }: RuleDraft): Partial<AdmissionRuleInput> {
  switch (verdict) {
    case "deny":
      return { deny: { message } };
    case "note":
      return { note: { message } };
    case "approval":
      return { approval: { ...rest.approval, message, deciders: partsOf(deciders) } };
    case "change": {
      const fields = linesOf(set).map((line) => {
        const at = line.indexOf("=");
        return [line.slice(0, at).trim(), line.slice(at + 1).trim()] as const;
      });
      return { change: { set: Object.fromEntries(fields) } };
    }
  }
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

function partsOf(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
