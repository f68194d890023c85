/** Rules: set, listed, deleted, and tested on recorded series. */
import {
  AlertRule,
  type DeleteAlertRuleRequest,
  type KeptEscalationPolicy,
  type KeptRule,
  type ListAlertRulesReply,
  type ListAlertRulesRequest,
  type Series,
  type SetAlertRuleRequest,
  type TestAlertRuleReply,
  type TestAlertRuleRequest,
} from "@tutti/contracts/insight/v1";
import type { FieldViolation } from "@tutti/contracts/rpc";
import { Problem, Severity } from "@tutti/contracts/types/v1";
import { execute } from "@tutti/host/serving";
import {
  type CallContext,
  errorFromUnknown,
  fromTimestamp,
  pageOf,
  type ReadOnly,
  sleep,
  toTimestamp,
} from "@tutti/kernel";
import { keepRule, removeRule } from "@tutti/machine-alert";
import {
  compileRule,
  everyMsOf,
  type RuleProblem,
  RuleTrial,
  readsOf,
} from "@tutti/machine-alert/evaluation";
import { insightErrors } from "../../errors.ts";
import { keyOf } from "../key.ts";
import { showing } from "./alerts.ts";
import {
  type AlertDependencies,
  namespaceOf,
  revisionIn,
  snapshotOf,
  unknownReceivers,
} from "./dependencies.ts";

const dayMs = 24 * 3_600_000;
const trialDaysMax = 7;
/** A test of a long span evaluates less often than the rule. */
const evaluationsMax = 10_000;
/** Number of evaluations between two pauses that let other requests run. */
const evaluationsPerSlice = 50;

export async function setRule(
  dependencies: AlertDependencies,
  { rule = AlertRule.create(), revision, reason, ...request }: SetAlertRuleRequest,
  context: CallContext,
) {
  requireCorrect(rule, dependencies);
  const namespace = namespaceOf(request, context);
  const key = keyOf(namespace);
  await dependencies.evaluator.install(namespace);
  const body = { rule, revision: revisionIn(revision) };
  await execute(dependencies, key, { command: keepRule, body, reason }, context);
  dependencies.evaluator.requestRound(namespace);
  const { rules, policies } = await snapshotOf(dependencies, namespace, context);
  const stored = rules.find((each) => each.rule?.ruleId === rule.ruleId);
  return { rule: stored && ruleMessage(dependencies, namespace, stored, idsOf(policies)) };
}

export async function listRules(
  dependencies: AlertDependencies,
  { page, ...request }: ListAlertRulesRequest,
  context: CallContext,
): Promise<ListAlertRulesReply> {
  const namespace = namespaceOf(request, context);
  await dependencies.evaluator.install(namespace);
  const { rules, policies } = await snapshotOf(dependencies, namespace, context);
  const known = idsOf(policies);
  const sorted = rules
    .map((stored) => ruleMessage(dependencies, namespace, stored, known))
    .sort((one, other) => (one.ruleId < other.ruleId ? -1 : 1));
  const list = { list: ["alert-rules", namespace], keyOf: ({ ruleId }: AlertRule) => ruleId };
  const { items, nextToken } = pageOf(sorted, list, page);
  return { rules: items, page: { nextToken, total: sorted.length } };
}

export async function deleteRule(
  dependencies: AlertDependencies,
  { ruleId, reason, ...request }: DeleteAlertRuleRequest,
  context: CallContext,
) {
  const namespace = namespaceOf(request, context);
  await dependencies.evaluator.install(namespace);
  const call = { command: removeRule, body: { ruleId }, reason };
  const reply = await execute(dependencies, keyOf(namespace), call, context);
  dependencies.evaluator.requestRound(namespace);
  return reply;
}

export async function testRule(
  dependencies: AlertDependencies,
  { rule = AlertRule.create(), span, ...request }: TestAlertRuleRequest,
  context: CallContext,
): Promise<TestAlertRuleReply> {
  const { clock, timers } = dependencies.foundation;
  const namespace = namespaceOf(request, context);
  const compiled = compileRule(rule);
  if (!compiled.ok)
    return { alerts: [], problems: compiled.problems.map((problem) => problemOf(problem.field, problem)) };
  const nowMs = clock.now();
  const toMs = span?.to === undefined ? nowMs : Math.min(nowMs, fromTimestamp(span.to));
  const fromMs = span?.from === undefined ? toMs - dayMs : fromTimestamp(span.from);
  if (!(fromMs < toMs && toMs - fromMs <= trialDaysMax * dayMs)) throw insightErrors.trialTooLong();
  const { series, problems } = await seriesOf(dependencies, namespace, rule, { fromMs, toMs, nowMs });
  const trial = new RuleTrial(compiled.program, series, fromMs);
  const everyMs = Math.max(everyMsOf(rule), (toMs - fromMs) / evaluationsMax);
  for (let atMs = fromMs; atMs <= toMs; atMs += everyMs * evaluationsPerSlice) {
    trial.advanceTo(Math.min(atMs, toMs), everyMs);
    context.signal.throwIfAborted();
    await sleep(timers, 0);
  }
  trial.advanceTo(toMs, everyMs);
  if (trial.problem !== "") problems.push(problemOf("condition", { message: trial.problem, expected: "" }));
  const alerts = trial.alerts.map(
    showing(namespace, { silences: [], rules: [], alerts: [], escalations: [] }, nowMs),
  );
  return { alerts, problems };
}

async function seriesOf(
  { thread }: AlertDependencies,
  namespace: string,
  rule: AlertRule,
  { fromMs, toMs, nowMs }: { readonly fromMs: number; readonly toMs: number; readonly nowMs: number },
) {
  const longestMs = Math.max(...readsOf(rule).map(({ windowMs }) => windowMs));
  const span = { from: toTimestamp(fromMs - longestMs), to: toTimestamp(toMs) };
  const series: Series[] = [];
  const problems: Problem[] = [];
  for (const [at, query] of rule.queries.entries())
    try {
      const stepMs = toMs - fromMs + longestMs > 2 * dayMs ? 60_000 : 10_000;
      series.push(...(await thread.request("query", { namespace, queries: [query], span, stepMs, nowMs })));
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      if (error.status !== "NOT_FOUND" && error.status !== "INVALID_ARGUMENT") throw error;
      problems.push(problemOf(`queries[${at}]`, { message: error.message, expected: "" }));
    }
  return { series, problems };
}

function requireCorrect(rule: AlertRule, { receivers }: Pick<AlertDependencies, "receivers">): void {
  const compiled = compileRule(rule);
  const violations: FieldViolation[] = compiled.ok
    ? []
    : compiled.problems.map(({ field, message }) => ({ field: `rule.${field}`, message }));
  violations.push(...unknownReceivers(receivers, rule.receivers, "rule.receivers"));
  const [first] = violations;
  if (first === undefined) return;
  throw insightErrors.ruleInvalid({ problem: `${first.field}: ${first.message}` }, { violations });
}

function ruleMessage(
  { evaluator }: Pick<AlertDependencies, "evaluator">,
  namespace: string,
  { rule, revision }: ReadOnly<KeptRule>,
  policies: ReadonlySet<string>,
): AlertRule {
  // The cast: only read.
  const message = rule as AlertRule;
  const { ruleId, escalation } = message;
  // The configuration may name an escalation policy of built-in rules that does not exist yet.
  const isLost = escalation !== "" && !policies.has(escalation);
  const problem =
    evaluator.problemOf(namespace, ruleId) || (isLost ? `escalation policy \`${escalation}\` not found` : "");
  return { ...message, namespace, revision: String(revision), problem };
}

function idsOf(policies: readonly ReadOnly<KeptEscalationPolicy>[]): ReadonlySet<string> {
  return new Set(policies.map(({ policy }) => policy?.policyId ?? ""));
}

function problemOf(path: string, { message, expected }: Pick<RuleProblem, "message" | "expected">): Problem {
  return Problem.fromPartial({ severity: Severity.SEVERITY_ERROR, code: "rule", path, message, expected });
}
