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
  if (!labelsMatch(labels, resources)) return "it is restricted to objects with other labels";
  if (scope.work !== undefined && !isWithin(scope.work, work, namespace))
    return `it is narrowed to ${nameOf(scope.work)}`;
  return;
}

export type Narrowing =
  | { readonly kind: "narrowed"; readonly scope: Scope }
  /** The requested parts that exceed the wider scope. */
  | { readonly kind: "refused"; readonly violations: readonly string[] };

/** Returns the scope that a caller may pass on for a requested one. Empty fields are passed on unchanged. */
export function narrowed(own: Scope, request: Scope): Narrowing {
  const violations: string[] = [];
  const part = (
    label: string,
    mine: readonly string[],
    requested: readonly string[],
    covers = same,
  ): string[] => {
    if (requested.length === 0) return [...mine];
    const beyond =
      mine.length === 0 ? [] : requested.filter((item) => !mine.some((other) => covers(other, item)));
    if (beyond.length > 0) violations.push(`${label} ${beyond.join(", ")}`);
    return [...requested];
  };
  const scope: Scope = {
    actions: part("the actions", own.actions, request.actions, coversPattern),
    namespaces: part("the namespaces", own.namespaces, request.namespaces),
    resources: bothSelectors(own.resources, request.resources, violations),
    work: narrowedWork(own.work, request.work, violations),
    agent: narrowedGrant(own.agent, request.agent, part, violations),
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
  label: string,
  mine: readonly string[],
  requested: readonly string[],
  covers?: (wide: string, narrow: string) => boolean,
) => string[];

/** In a grant, unlike in a scope, an empty list means none. */
function narrowedGrant(
  own: AgentGrant | undefined,
  request: AgentGrant | undefined,
  part: Part,
  violations: string[],
): AgentGrant | undefined {
  if (own === undefined || request === undefined) return own ?? request;
  const listed = (label: string, mine: readonly string[], requested: readonly string[]): string[] =>
    mine.length === 0 && requested.length > 0
      ? part(label, [noPattern], requested, coversPattern)
      : part(label, mine, requested, coversPattern);
  const isUnbounded = own.maxSlots > 0 && (request.maxSlots === 0 || request.maxSlots > own.maxSlots);
  if (isUnbounded && request.maxSlots > 0) violations.push(counted(request.maxSlots, "slot"));
  return {
    pools: request.pools.length === 0 ? [] : listed("the pools", own.pools, request.pools),
    offers: request.offers.length === 0 ? [] : listed("the capabilities", own.offers, request.offers),
    namespaces: part("the agent's namespaces", own.namespaces, request.namespaces),
    maxSlots: isUnbounded ? own.maxSlots : request.maxSlots,
  };
}

/** A pattern that matches no name. */
const noPattern = "";

function narrowedWork(
  own: WorkReference | undefined,
  request: WorkReference | undefined,
  violations: string[],
): WorkReference | undefined {
  if (own === undefined || request === undefined) return own ?? request;
  if (isWithin(own, request, own.namespace)) return request;
  violations.push(nameOf(request));
  return own;
}

function isWithin(outer: WorkReference, work: WorkReference | undefined, namespace: string): boolean {
  if (work === undefined) return false;
  const isSame =
    (outer.namespace || namespace) === (work.namespace || namespace) &&
    outer.kind === work.kind &&
    outer.id === work.id;
  return isSame && (outer.task === "" || outer.task === work.task);
}

function bothSelectors(
  own: LabelSelector | undefined,
  request: LabelSelector | undefined,
  violations: string[],
): LabelSelector | undefined {
  if (own === undefined || request === undefined) return own ?? request;
  const beyond = Object.entries(request.equals).filter(
    ([name, value]) => Object.hasOwn(own.equals, name) && own.equals[name] !== value,
  );
  if (beyond.length > 0)
    violations.push(`objects with the labels ${beyond.map((entry) => entry.join("=")).join(", ")}`);
  return {
    equals: { ...request.equals, ...own.equals },
    exists: [...new Set([...own.exists, ...request.exists])],
    absent: [...new Set([...own.absent, ...request.absent])],
  };
}

function nameOf({ kind, id, task }: WorkReference): string {
  return task === "" ? `the ${kind} ${id}` : `the task ${task} of the ${kind} ${id}`;
}

function same(one: string, other: string): boolean {
  return one === other;
}
