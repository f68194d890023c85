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
