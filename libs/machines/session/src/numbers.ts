/** Numbers of effects and timers follow from their owners, so no lookup is needed. */

/** Requests before a session starts. */
export const choosing = 1;
export const locking = 2;
export const planning = 3;
const firstDependency = 8;
const dependenciesMax = 120;
const firstPart = firstDependency + dependenciesMax;

export function dependencyEffect(dependency: number): number {
  return firstDependency + dependency;
}

/** Effects of a part. */
export const partEffects = { start: 0, follow: 1, operate: 2, plan: 3 } as const;
const effectsPerPart = 4;

export function partEffect(part: number, kind: number): number {
  return firstPart + part * effectsPerPart + kind;
}

/** Returns the part of an effect. Undefined if it belongs to no part. */
export function partOfEffect(effect: number): number | undefined {
  return effect < firstPart ? undefined : Math.floor((effect - firstPart) / effectsPerPart);
}

export function kindOfEffect(effect: number): number {
  return (effect - firstPart) % effectsPerPart;
}

export function dependencyOfEffect(effect: number): number {
  return effect - firstDependency;
}

export const timeoutTimer = 1;

export function partId(part: number): string {
  return `p${part + 1}`;
}

export function partOfId(id: string): number {
  const found = /^p([1-9]\d{0,3})$/.exec(id);
  return found === null ? -1 : Number(found[1]) - 1;
}
