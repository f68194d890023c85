import type { LabelSelector } from "@tutti/contracts/types/v1";
import type { Labels } from "@tutti/kernel";

export { labelsMatch } from "@tutti/kernel";

/** Returns the share of preferred labels that are present, 0 to 1. 1 without a preference. */
export function labelsPreference(labels: Labels, selector: LabelSelector | undefined): number {
  if (selector === undefined) return 1;
  const equals = Object.entries(selector.equals);
  const count = equals.length + selector.exists.length + selector.absent.length;
  if (count === 0) return 1;
  let matched = 0;
  for (const [name, value] of equals) if (labels[name] === value) matched++;
  for (const name of selector.exists) if (labels[name] !== undefined) matched++;
  for (const name of selector.absent) if (labels[name] === undefined) matched++;
  return matched / count;
}

/** Returns the names of the labels that a selector reads. */
export function namesIn(selector: LabelSelector | undefined): string[] {
  if (selector === undefined) return [];
  return [...Object.keys(selector.equals), ...selector.exists, ...selector.absent];
}

/** Returns the same text for selectors with the same meaning. */
export function selectorKey(selector: LabelSelector | undefined): string {
  if (selector === undefined) return "";
  const { equals, exists, absent } = selector;
  const parts = [Object.entries(equals).sort(byName), [...exists].sort(), [...absent].sort()];
  return parts.every((part) => part.length === 0) ? "" : JSON.stringify(parts);
}

export function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
