/** Limits of resources, in numbers and words, with the defaults filled in. */
import type {
  Allocation,
  LabelSelector,
  Lock,
  Quota,
  Reservation,
  Resource,
  WorkReference,
} from "@tutti/rest/types";

/** How much of a named thing is taken, by whom it is bounded. */
export interface Use {
  readonly name: string;
  readonly used: number;
  readonly of: number;
}

export function resourceUse({ name, capacity = 0, used = 0, reserved = 0, wanted = 0 }: Resource) {
  return { name, used, of: capacity, reserved, wanted, isShort: wanted > capacity - used };
}

/** Counts the resources with more demand than capacity. A resource is short if its part of some agents is. */
export function shortCount(resources: readonly Resource[]): number {
  const short = resources.filter((each) => resourceUse(each).isShort);
  return new Set(short.map(({ pool, name }) => JSON.stringify([pool, name]))).size;
}

/** Whether the resource is of all agents of the pool, and not of some of them. */
export function isOfAll({ labels }: Resource): boolean {
  return Object.keys(labels).length === 0;
}

/** The pool, and the labels of its agents if the resource is of some of them. */
export function locationOf({ pool, labels }: Resource): string {
  return [pool, selected({ equals: labels, exists: [], absent: [] })].filter(Boolean).join(", ");
}

/** One line for each thing that the quota bounds. */
export function quotaUses({ limits, used = {} }: Quota): readonly Use[] {
  return Object.entries(limits)
    .map(([name, of]) => ({ name, of, used: used[name] ?? 0 }))
    .sort((one, other) => one.name.localeCompare(other.name));
}

export function quotaIsFull(quota: Quota): boolean {
  return quotaUses(quota).some(({ used, of }) => used >= of);
}

/** One line for each thing that a session has, or would have. */
export function allocationUses({ granted, wanted, share }: Allocation) {
  const names = new Set([granted, wanted, share].flatMap((each) => Object.keys(each)));
  return [...names].sort().map((name) => ({
    name,
    has: granted[name] ?? 0,
    waitsFor: wanted[name] ?? 0,
    share: share[name] ?? 0,
  }));
}

/** Numbers as people read them: `2`, `0.67`. */
export function amount(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 2 });
}

export function amounts(all: Readonly<Record<string, number>>): string {
  return Object.entries(all)
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([name, value]) => `${amount(value)} ${name === "slots" && value === 1 ? "slot" : name}`)
    .join(", ");
}

/** Describes the labels that a selector requires. Undefined if it requires none. */
export function selected(selector: LabelSelector | undefined): string | undefined {
  if (selector === undefined) return undefined;
  const { equals = {}, exists = [], absent = [] } = selector;
  const terms = [
    ...Object.entries(equals).map(([label, value]) => `${label}=${value}`),
    ...exists,
    ...absent.map((label) => `no ${label}`),
  ];
  return terms.length === 0 ? undefined : terms.join(", ");
}

export type Phase = "to come" | "in force" | "over";

export function phaseOf({ span }: Reservation, nowMs: number): Phase {
  if ((span?.fromMs ?? 0) > nowMs) return "to come";
  return (span?.toMs ?? Number.POSITIVE_INFINITY) <= nowMs ? "over" : "in force";
}

/** A hold or a wait is described by its work. Without any, by the name that the caller set. */
export function holderOf({ holder = "", work }: { holder?: string; work?: WorkReference }): string {
  return work === undefined ? holder : workName(work);
}

export function workName({ kind = "", id, task = "" }: WorkReference): string {
  return `${kind} ${id}${task === "" ? "" : `/${task}`}`.trim();
}

/** `one of 3 free`, `held`, `free`. */
export function lockState({ permits = 1, free = 0, grants }: Lock): string {
  if (permits > 1) return `${free} of ${permits} free`;
  return grants.length > 0 ? "held" : "free";
}
