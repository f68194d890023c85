/**
 * The maximum rights of the bearer of a key or token. A scope never gives a right, it only removes some. So a
 * scope that is made from another one can only be narrower, for any maker.
 */
import type { AgentGrant, Scope } from "@tutti/contracts/governance/v1";
import type { LabelSelector, WorkReference } from "@tutti/contracts/types/v1";
import { counted, type Labels, labelsMatch } from "@tutti/kernel";
import { coversPattern, matchesAny } from "../access/action-pattern.ts";

/** A requested action, as far as a scope checks it. */
export interface ScopedQuestion {
  readonly action: string;
  readonly namespace: string;
  readonly labels: Labels;
  /** The work of the action. Undefined if there is none. */
  readonly work: WorkReference | undefined;
}

/** Returns why a scope does not allow an action. Undefined if it does. */
export function scopeFault(
  scope: Scope,
  { action, namespace, labels, work }: ScopedQuestion,
): string | undefined {
  const { actions, namespaces, resources } = scope;
  if (actions.length > 0 && !matchesAny(actions, action)) return `it is narrowed to ${actions.join(", ")}`;
  if (namespaces.length > 0 && !namespaces.includes(namespace))
    return `it is narrowed to the namespaces ${namespaces.join(", ")}`;
  if (!labelsMatch(labels, resources)) return "it is narrowed to things with other labels";
  if (scope.work !== undefined && !isWithin(scope.work, work, namespace))
    return `it is narrowed to ${nameOf(scope.work)}`;
  return;
}

export type Narrowing =
  | { readonly kind: "narrowed"; readonly scope: Scope }
  /** The requested parts that exceed the wider scope. */
  | { readonly kind: "refused"; readonly violations: readonly string[] };

/** Returns the scope that a caller may pass on for a requested one. Empty fields are passed on unchanged. */
export function narrowed(own: Scope, wanted: Scope): Narrowing {
  const violations: string[] = [];
  const part = (
    what: string,
    mine: readonly string[],
    requested: readonly string[],
    covers = same,
  ): string[] => {
    if (requested.length === 0) return [...mine];
    const beyond =
      mine.length === 0 ? [] : requested.filter((one) => !mine.some((other) => covers(other, one)));
    if (beyond.length > 0) violations.push(`${what} ${beyond.join(", ")}`);
    return [...requested];
  };
  const scope: Scope = {
    actions: part("the actions", own.actions, wanted.actions, coversPattern),
    namespaces: part("the namespaces", own.namespaces, wanted.namespaces),
    resources: bothSelectors(own.resources, wanted.resources, violations),
    work: narrowedWork(own.work, wanted.work, violations),
    agent: narrowedGrant(own.agent, wanted.agent, part, violations),
  };
  return violations.length > 0 ? { kind: "refused", violations } : { kind: "narrowed", scope };
}

export const unscoped: Scope = Object.freeze({
  actions: [],
  namespaces: [],
  resources: undefined,
  work: undefined,
  agent: undefined,
});

type Part = (
  what: string,
  mine: readonly string[],
  requested: readonly string[],
  covers?: (wide: string, narrow: string) => boolean,
) => string[];

/** In a grant, unlike in a scope, an empty list means none. */
function narrowedGrant(
  own: AgentGrant | undefined,
  wanted: AgentGrant | undefined,
  part: Part,
  violations: string[],
): AgentGrant | undefined {
  if (own === undefined || wanted === undefined) return own ?? wanted;
  const listed = (what: string, mine: readonly string[], requested: readonly string[]): string[] =>
    mine.length === 0 && requested.length > 0
      ? part(what, [noPattern], requested, coversPattern)
      : part(what, mine, requested, coversPattern);
  const isUnbounded = own.maxSlots > 0 && (wanted.maxSlots === 0 || wanted.maxSlots > own.maxSlots);
  if (isUnbounded && wanted.maxSlots > 0) violations.push(counted(wanted.maxSlots, "slot"));
  return {
    pools: wanted.pools.length === 0 ? [] : listed("the pools", own.pools, wanted.pools),
    offers: wanted.offers.length === 0 ? [] : listed("the capabilities", own.offers, wanted.offers),
    namespaces: part("the agent's namespaces", own.namespaces, wanted.namespaces),
    maxSlots: isUnbounded ? own.maxSlots : wanted.maxSlots,
  };
}

/** A pattern that matches no name. */
const noPattern = "";

function narrowedWork(
  own: WorkReference | undefined,
  wanted: WorkReference | undefined,
  violations: string[],
): WorkReference | undefined {
  if (own === undefined || wanted === undefined) return own ?? wanted;
  if (isWithin(own, wanted, own.namespace)) return wanted;
  violations.push(nameOf(wanted));
  return own;
}

function isWithin(whole: WorkReference, work: WorkReference | undefined, namespace: string): boolean {
  if (work === undefined) return false;
  const isSame =
    (whole.namespace || namespace) === (work.namespace || namespace) &&
    whole.kind === work.kind &&
    whole.id === work.id;
  return isSame && (whole.task === "" || whole.task === work.task);
}

function bothSelectors(
  own: LabelSelector | undefined,
  wanted: LabelSelector | undefined,
  violations: string[],
): LabelSelector | undefined {
  if (own === undefined || wanted === undefined) return own ?? wanted;
  const beyond = Object.entries(wanted.equals).filter(
    ([name, value]) => Object.hasOwn(own.equals, name) && own.equals[name] !== value,
  );
  if (beyond.length > 0) violations.push(`things labelled ${beyond.map((one) => one.join("=")).join(", ")}`);
  return {
    equals: { ...wanted.equals, ...own.equals },
    exists: [...new Set([...own.exists, ...wanted.exists])],
    absent: [...new Set([...own.absent, ...wanted.absent])],
  };
}

function nameOf({ kind, id, task }: WorkReference): string {
  return task === "" ? `the ${kind} ${id}` : `the task ${task} of the ${kind} ${id}`;
}

function same(one: string, other: string): boolean {
  return one === other;
}
