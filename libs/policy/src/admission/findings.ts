/** The findings of rules in their reported and stored form, and the outcomes of the cases of a rule. */
import {
  type AdmissionRule,
  type AdmissionSubject,
  Enforcement,
  Finding,
  type RuleCase,
} from "@tutti/contracts/governance/v1";
import { ActorKind, type Cause, type Payload, type WorkReference } from "@tutti/contracts/types/v1";
import type { Json } from "@tutti/expressions";
import { toTimestamp } from "@tutti/kernel";
import { AdmissionRules, type RuleFinding } from "./admission.ts";

export interface FindingAbout {
  readonly namespace: string;
  readonly action: string;
  readonly nowMs: number;
  readonly cause: Cause | undefined;
  /** The work of the subject, if known. */
  readonly work?: WorkReference | undefined;
}

export function findingOf(
  { rule, result, message }: RuleFinding,
  { namespace, action, nowMs, cause, work }: FindingAbout,
): Finding {
  const { ruleId, severity, revision } = rule;
  return {
    ...Finding.create(),
    namespace,
    ruleId,
    result,
    severity,
    message,
    action,
    cause,
    work,
    count: 1,
    // A rule in a test has any revision that its author wrote.
    ruleVersion: /^\d{1,15}$/.test(revision) ? Number(revision) : 0,
    findTime: toTimestamp(nowMs),
  };
}

export interface CaseOutcome {
  readonly title: string;
  readonly passed: boolean;
  /** The actual outcome of a failed case. */
  readonly message: string;
}

/** Returns the outcomes of the cases of a rule, as if it were enforced. */
export function caseOutcomes(rule: AdmissionRule): readonly CaseOutcome[] {
  const rules = new AdmissionRules([{ ...rule, enforcement: Enforcement.ENFORCEMENT_ENFORCED }]);
  return rule.cases.map((ruleCase) => outcomeOf(rules, rule.subject, rule.namespace, ruleCase));
}

const noActor = { kind: ActorKind.ACTOR_KIND_UNSPECIFIED, id: "" };

function outcomeOf(
  rules: AdmissionRules,
  kind: AdmissionSubject,
  namespace: string,
  { title, subject, actor = noActor, groups, action, admitted: expected }: RuleCase,
): CaseOutcome {
  const body = jsonIn(subject);
  if (body === undefined) return { title, passed: false, message: "its subject is no JSON" };
  const { admitted, findings } = rules.admit({ kind, body, actor, groups, namespace, labels: {}, action });
  if (admitted === expected) return { title, passed: true, message: "" };
  const reason = findings.find(({ message }) => message !== "")?.message ?? "no rule has a finding";
  return { title, passed: false, message: `it is ${admitted ? "admitted" : "refused"}: ${reason}` };
}

/** Returns the JSON document of a payload. Undefined if it is none. */
export function jsonIn(payload: Payload | undefined): Json | undefined {
  if (payload?.body?.$case !== "inline") return;
  try {
    return JSON.parse(Buffer.from(payload.body.value).toString()) as Json;
  } catch {
    return;
  }
}
