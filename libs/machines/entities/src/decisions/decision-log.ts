/**
 * The latest different decisions of a namespace. Decisions with the same caller, action, object and result count as
 * one, with a counter. The least recent decision is dropped first.
 */
import { AccessQuestion, Decision } from "@tutti/contracts/governance/v1";
import { fromTimestamp } from "@tutti/kernel";

/** Limits of the decisions: a snapshot has at most 16 MiB. */
export const decisionsMax = 10_000;
const weightMax = 8 * 2 ** 20;
/** Maximum bytes of an encoded decision. A larger one is kept without the additional data of its policies. */
export const decisionWeightMax = 4_096;

export class DecisionLog {
  /** Decisions by all fields that identify them, the latest last. */
  readonly #entries = new Map<string, { readonly decision: Decision; readonly weight: number }>();
  #weight = 0;
  /** Total number since the start. */
  leftOut = 0;

  get size(): number {
    return this.#entries.size;
  }

  *decisions(): Generator<Decision, void> {
    for (const { decision } of this.#entries.values()) yield decision;
  }

  add(decision: Decision): void {
    const key = keyOf(decision);
    const before = this.#entries.get(key);
    const count = (before?.decision.count ?? 0) + Math.max(1, decision.count);
    const latest =
      before !== undefined && timeOf(before.decision) > timeOf(decision) ? before.decision : decision;
    const next = { ...latest, count };
    const weight = weightOf(next);
    this.#entries.delete(key);
    this.#entries.set(key, { decision: next, weight });
    this.#weight += weight - (before?.weight ?? 0);
    for (const [oldest, { weight: removedWeight }] of this.#entries) {
      if (this.#entries.size <= decisionsMax && this.#weight <= weightMax) return;
      this.#entries.delete(oldest);
      this.#weight -= removedWeight;
    }
  }
}

/** Returns the decision without data that makes it too large. */
export function bounded(decision: Decision): Decision {
  if (weightOf(decision) <= decisionWeightMax) return decision;
  const { question, errors } = decision;
  const bare = question && { ...question, resourceLabels: {}, groups: [], context: undefined };
  const shorter = {
    ...decision,
    question: bare,
    errors: errors.slice(0, 1).map((error) => error.slice(0, 500)),
  };
  if (weightOf(shorter) <= decisionWeightMax) return shorter;
  return { ...shorter, policies: shorter.policies.slice(0, 1), shadowPolicies: [], errors: [] };
}

function keyOf({ question, allowed, shadowAllowed }: Decision): string {
  const bytes = AccessQuestion.encode(question ?? AccessQuestion.create()).finish();
  return `${allowed} ${shadowAllowed} ${Buffer.from(bytes).toString("base64")}`;
}

function timeOf({ decideTime }: Decision): number {
  return decideTime === undefined ? 0 : fromTimestamp(decideTime);
}

function weightOf(decision: Decision): number {
  return Decision.encode(decision).finish().length;
}
