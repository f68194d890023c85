/**
 * Admission rules: stored in their namespace, tested before they are enforced, and evaluated on request.
 *
 * 1. A rule is stored if it is valid, all of its cases pass, and its subject is evaluated by some service: a
 *    stored rule without evaluations would be misleading.
 * 2. A bundle contains the new rules before the caller gets its answer.
 */
import {
  AdmissionRule,
  type CheckAdmissionRequest,
  type DeleteRuleRequest,
  Enforcement,
  FindingResult,
  type GetRuleRequest,
  KeepMode,
  type ListRulesRequest,
  type SetRuleRequest,
  type TestRuleRequest,
} from "@tutti/contracts/governance/v1";
import { type Payload, Problem, Severity } from "@tutti/contracts/types/v1";
import { causeOf } from "@tutti/host";
import { type CallContext, pageOf } from "@tutti/kernel";
import { rule as rules, tenantErrors } from "@tutti/machine-entities/tenant";
import {
  type Admission,
  AdmissionRules,
  caseOutcomes,
  compileRule,
  findingOf,
  jsonIn,
  type RuleProblem,
  systemNamespace,
  unevaluatedReason,
} from "@tutti/policy";
import { governanceErrors } from "../errors.ts";
import { actorOf } from "../policies/deciding.ts";
import { publishOnTenant, revisionOf, type TenantDependencies, tenantOf } from "../tenants/dependencies.ts";
import { ruleOf } from "../tenants/views.ts";

export async function setRule(
  dependencies: TenantDependencies,
  request: SetRuleRequest,
  context: CallContext,
) {
  const { rule = AdmissionRule.create(), revision, reason } = request;
  return { rule: await storeRule(dependencies, { rule, revision, reason }, context) };
}

export async function storeRule(
  dependencies: TenantDependencies,
  change: { readonly rule: AdmissionRule; readonly revision: string; readonly reason: string },
  context: CallContext,
): Promise<AdmissionRule | undefined> {
  const { rule, revision, reason } = change;
  requireValid({ ...rule, namespace: context.namespace });
  const body = { rule, revision: revisionOf(revision), mode: KeepMode.KEEP_MODE_UNSPECIFIED };
  await publishOnTenant(dependencies, { command: rules.keep, body, reason }, context);
  return readRule(dependencies, rule.ruleId, context);
}

export async function getRule(
  dependencies: TenantDependencies,
  { ruleId }: GetRuleRequest,
  context: CallContext,
) {
  const rule = await readRule(dependencies, ruleId, context);
  if (rule === undefined) throw tenantErrors.missing({ name: "rule", id: ruleId });
  return { rule };
}

export async function listRules(
  dependencies: TenantDependencies,
  request: ListRulesRequest,
  context: CallContext,
) {
  const { subjects, framework, withSystem, page } = request;
  const { namespace } = context;
  const tenant = await tenantOf(dependencies, namespace, context);
  const own = [...tenant.rules.values()].map((stored) => ruleOf(namespace, stored));
  const isOther = withSystem && namespace !== systemNamespace;
  const all = [...own, ...(isOther ? await ofSystem(dependencies) : [])]
    .filter(
      ({ subject, controls }) =>
        (subjects.length === 0 || subjects.includes(subject)) &&
        (framework === "" || controls.some((control) => control.framework === framework)),
    )
    .map((rule) => ({ rule, place: `${rule.ruleId} ${rule.namespace}` }))
    .sort((one, other) => (one.place < other.place ? -1 : 1));
  const list = ["rules", namespace, subjects, framework, withSystem];
  const { items, nextToken } = pageOf(all, { list, keyOf: ({ place }) => place }, page);
  return { rules: items.map(({ rule }) => rule), page: { nextToken, total: all.length } };
}

export async function deleteRule(
  dependencies: TenantDependencies,
  { ruleId, reason }: DeleteRuleRequest,
  context: CallContext,
) {
  const { removed } = await publishOnTenant(
    dependencies,
    { command: rules.remove, body: { ruleId }, reason },
    context,
  );
  return { removed: removed > 0 };
}

export function testRule(
  dependencies: TenantDependencies,
  { rule = AdmissionRule.create(), subjects, action }: TestRuleRequest,
  context: CallContext,
) {
  const { namespace } = context;
  const problems = problemsOf({ ...rule, namespace });
  if (problems.length > 0) return { answers: [], problems };
  const counting = { ...rule, namespace, enforcement: Enforcement.ENFORCEMENT_ENFORCED };
  const judged = new AdmissionRules([counting]);
  const about = { kind: rule.subject, action, actor: actorOf(context.principal), groups: groupsOf(context) };
  const answers = subjects.map((subject, index) =>
    answerOf(judged.admit({ ...about, namespace, labels: {}, body: jsonOf(subject, `subjects[${index}]`) }), {
      dependencies,
      context,
      action,
    }),
  );
  return { answers, problems: [] };
}

export async function checkAdmission(
  dependencies: TenantDependencies,
  { subject, body, actor, action }: CheckAdmissionRequest,
  context: CallContext,
) {
  const { content } = await dependencies.bundles.current();
  const { namespace } = context;
  const admission = new AdmissionRules(content.rules).admit({
    kind: subject,
    namespace,
    labels: {},
    action,
    body: jsonOf(body, "body"),
    actor: actor ?? actorOf(context.principal),
    groups: actor === undefined ? groupsOf(context) : [],
  });
  return { answer: answerOf(admission, { dependencies, context, action }) };
}

/** Returns the rules of `system` that are not off, from the bundle: another process may own their tenant. */
async function ofSystem(dependencies: TenantDependencies): Promise<AdmissionRule[]> {
  const { content } = await dependencies.bundles.current();
  return content.rules.filter(({ namespace }) => namespace === systemNamespace);
}

async function readRule(
  dependencies: TenantDependencies,
  ruleId: string,
  context: CallContext,
): Promise<AdmissionRule | undefined> {
  const stored = (await tenantOf(dependencies, context.namespace, context)).rules.get(ruleId);
  return stored && ruleOf(context.namespace, stored);
}

function requireValid(rule: AdmissionRule): void {
  const { ruleId } = rule;
  const problem = unevaluatedReason(rule);
  if (problem !== undefined) throw governanceErrors.ruleNotAsked({ ruleId, problem });
  const compiled = compileRule(rule);
  if (!compiled.ok) {
    const violations = compiled.problems.map(({ field, line, column, message }) => ({
      field: `rule.${field}`,
      message: `${line}:${column}: ${message}`,
    }));
    const [first] = violations;
    const found = first === undefined ? "" : `${first.field}:${first.message}`;
    throw governanceErrors.ruleInvalid({ ruleId, problem: found }, { violations });
  }
  const failed = caseOutcomes(rule).filter(({ passed }) => !passed);
  const [failure] = failed;
  if (failure !== undefined)
    throw governanceErrors.ruleCaseFailed({
      ruleId,
      title: failure.title,
      found: failure.message,
      more: failed.length - 1,
    });
}

/** Returns all problems that prevent storing the rule. */
export function problemsOf(rule: AdmissionRule): Problem[] {
  const found = { ...Problem.create(), severity: Severity.SEVERITY_ERROR };
  const reason = unevaluatedReason(rule);
  if (reason !== undefined)
    return [{ ...found, code: "rule_not_asked", path: "subject", message: `expected ${reason}` }];
  const compiled = compileRule(rule);
  if (!compiled.ok) return compiled.problems.map(ruleProblem);
  return caseOutcomes(rule).flatMap(({ passed, title, message }, index) =>
    passed
      ? []
      : [
          {
            ...found,
            code: "case_failed",
            path: `cases[${index}]`,
            message: `the case "${title}" does not come out: ${message}`,
          },
        ],
  );
}

function ruleProblem({ field, code, line, column, message }: RuleProblem): Problem {
  const severity = Severity.SEVERITY_ERROR;
  return { ...Problem.create(), severity, code, path: field, line, column, message };
}

function jsonOf(payload: Payload | undefined, field: string) {
  const json = jsonIn(payload);
  if (json !== undefined) return json;
  const message = "expected a JSON document, got something else";
  throw governanceErrors.contextInvalid({ problem: message }, { violations: [{ field, message }] });
}

function groupsOf({ principal }: CallContext): readonly string[] {
  return principal.credential?.groups ?? [];
}

interface AnswerContext {
  readonly dependencies: TenantDependencies;
  readonly context: CallContext;
  readonly action: string;
}

function answerOf({ admitted, body, findings }: Admission, { dependencies, context, action }: AnswerContext) {
  const { namespace } = context;
  const about = { namespace, action, nowMs: dependencies.foundation.clock.now(), cause: causeOf(context) };
  const isChanged = findings.some(({ result }) => result === FindingResult.FINDING_RESULT_CHANGED);
  const value = Buffer.from(JSON.stringify(body));
  const changed: Payload | undefined = isChanged
    ? { body: { $case: "inline", value }, mediaType: "application/json" }
    : undefined;
  return { admitted, findings: findings.map((finding) => findingOf(finding, about)), changed };
}
