import type { LabelSelector } from "@tutti/contracts/types/v1";

export type Labels = Readonly<Record<string, string>>;

/** Returns whether labels match a selector. Without a selector all labels match. */
export function labelsMatch(labels: Labels, selector: LabelSelector | undefined): boolean {
  if (selector === undefined) return true;
  // A label may have the name of a property of every object.
  const has = (name: string): boolean => Object.hasOwn(labels, name);
  for (const [name, value] of Object.entries(selector.equals))
    if (!has(name) || labels[name] !== value) return false;
  return selector.exists.every(has) && !selector.absent.some(has);
}

/** A selector from outside, with optional fields. */
export interface SelectorInput {
  readonly equals?: Readonly<Record<string, string>> | undefined;
  readonly exists?: readonly string[] | undefined;
  readonly absent?: readonly string[] | undefined;
}

/** Returns the conditions of a selector as text. Empty if there are none. */
export function selectorText({ equals = {}, exists = [], absent = [] }: SelectorInput): string {
  return [
    ...Object.entries(equals).map(([label, value]) => `${label}=${value}`),
    ...exists,
    ...absent.map((label) => `no ${label}`),
  ].join(", ");
}
