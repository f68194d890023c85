/**
 * Picks the same instance for the same text, for every picker: the one with the greatest hash together with it. When
 * instances come or go, only their texts are picked again.
 */
import { stableHash } from "@tutti/kernel";
import type { PickOptions } from "./power-of-two.ts";
import type { Target } from "./target.ts";

/** Undefined if no instance can be used. */
export function pickByAffinity(
  targets: readonly Target[],
  affinity: string,
  { nowMs, avoid }: Pick<PickOptions, "nowMs" | "avoid">,
): Target | undefined {
  const usable = targets.filter((target) => target.breaker.admits && !target.isDraining(nowMs));
  const others = usable.filter((target) => avoid?.includes(target) !== true);
  let found: Target | undefined;
  let greatest = -1;
  for (const target of others.length > 0 ? others : usable) {
    const number = stableHash(`${target.instance.id} ${affinity}`);
    if (number <= greatest) continue;
    found = target;
    greatest = number;
  }
  return found;
}
