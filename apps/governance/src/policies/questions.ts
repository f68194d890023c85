/** Converts questions and decisions between the API and the policy library. */
import {
  type AccessQuestion,
  type CaseResult,
  Decision,
  type PolicyCase,
} from "@tutti/contracts/governance/v1";
import { ActorKind, type Payload } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { type PolicyEvaluator, type Question, systemNamespace, type Verdict } from "@tutti/policy";
import { governanceErrors } from "../errors.ts";
import { unserved, vocabulary } from "./vocabulary.ts";

const noActor = { kind: ActorKind.ACTOR_KIND_UNSPECIFIED, id: "" };

/**
 * Returns a question of a namespace. Only callers in `system` may ask about another namespace: access to it
 * is its own matter.
 */
export function questionOf(asked: AccessQuestion, namespace: string, field: string): Question {
  const { actor = noActor, groups, action, resourceKind, resourceId, resourceLabels, inNamespace } = asked;
  if (inNamespace !== "" && inNamespace !== namespace && namespace !== systemNamespace)
    throw governanceErrors.otherNamespace({ namespace, found: inNamespace });
  const context = contextOf(asked.context, `${field}.context`);
  return {
    actor,
    groups,
    action,
    resourceKind,
    resourceId,
    labels: resourceLabels,
    ...(context === undefined ? {} : { context }),
    namespace: inNamespace || namespace,
  };
}

export interface EvaluatedQuestion {
  readonly question: AccessQuestion;
  readonly verdict: Verdict;
  readonly bundle: number;
  readonly nowMs: number;
}

/** Returns a decision that is not recorded. */
export function decisionOf({ question, verdict, bundle, nowMs }: EvaluatedQuestion): Decision {
  const { allowed, policies, shadow, errors } = verdict;
  return {
    ...Decision.create(),
    question,
    allowed,
    policies: [...policies],
    bundle,
    count: 1,
    errors: [...errors, ...faultsOf(question)],
    decideTime: toTimestamp(nowMs),
    shadowAllowed: shadow?.allowed,
    shadowPolicies: [...(shadow?.policies ?? [])],
  };
}

/** Returns the unknown words. They are denied as everything is that nothing permits, but named. */
function faultsOf({ action, resourceKind }: AccessQuestion): string[] {
  const problem = unserved(action);
  if (problem !== undefined) return [problem];
  const kinds = vocabulary().resourcesOf(action);
  if (resourceKind === "" || kinds.includes(resourceKind)) return [];
  return [`${action} is about ${kinds.join(" or ")}, never about ${resourceKind}`];
}

export interface Case {
  /** Empty for a policy of the request. */
  readonly policyId: string;
  readonly given: PolicyCase;
}

/** Returns the results of cases, the failed ones first. */
export function resultsOf(
  evaluator: PolicyEvaluator,
  cases: readonly Case[],
  {
    namespace,
    bundle,
    nowMs,
  }: { readonly namespace: string; readonly bundle: number; readonly nowMs: number },
): CaseResult[] {
  const results = cases.flatMap(({ policyId, given }, index) => {
    const { title, question, allowed } = given;
    if (question === undefined) return [];
    const verdict = evaluator.decide(questionOf(question, namespace, `cases[${index}].question`), nowMs);
    const decision = decisionOf({ question, verdict, bundle, nowMs });
    return [{ policyId, title, passed: verdict.allowed === allowed, decision }];
  });
  return [...results.filter(({ passed }) => !passed), ...results.filter(({ passed }) => passed)];
}

function contextOf(
  payload: Payload | undefined,
  field: string,
): Readonly<Record<string, unknown>> | undefined {
  if (payload?.body === undefined) return;
  try {
    if (payload.body.$case !== "inline") throw new TypeError("it is not inline");
    const found: unknown = JSON.parse(Buffer.from(payload.body.value).toString());
    if (typeof found === "object" && found !== null && !Array.isArray(found))
      return found as Readonly<Record<string, unknown>>;
    throw new TypeError("it is something else");
  } catch (error) {
    const message = `expected a JSON object: ${(error as Error).message}`;
    throw governanceErrors.contextInvalid({ problem: message }, { violations: [{ field, message }] });
  }
}
