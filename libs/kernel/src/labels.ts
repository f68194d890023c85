import type { LabelSelector } from "@tutti/contracts/types/v1";

export type Labels = Readonly<Record<string, string>>;

/** Returns whether labels are as a selector wants them. Without one, any are. */
export function labelsMatch(labels: Labels, selector: LabelSelector | undefined): boolean {
  if (selector === undefined) return true;
  // A label may be called as something that every object has.
  const has = (name: string): boolean => Object.hasOwn(labels, name);
  for (const [name, value] of Object.entries(selector.equals))
    if (!has(name) || labels[name] !== value) return false;
  return selector.exists.every(has) && !selector.absent.some(has);
}

/** What a selector may have left out, where it comes from outside. */
export interface SelectorWords {
  readonly equals?: Readonly<Record<string, string>> | undefined;
  readonly exists?: readonly string[] | undefined;
  readonly absent?: readonly string[] | undefined;
}

/** What a selector asks of labels, for people. Empty where it asks nothing. */
export function selectorText({ equals = {}, exists = [], absent = [] }: SelectorWords): string {
  return [
    ...Object.entries(equals).map(([label, value]) => `${label}=${value}`),
    ...exists,
    ...absent.map((label) => `no ${label}`),
  ].join(", ");
}
