import {
  type IntendedTask,
  type Knowledge,
  type PresentAgent,
  type Situation,
  situationOf,
} from "../modes/situation.ts";

/** Tasks that all agents can do, as pairs of id and needs. */
export function intended(
  tasks: readonly (readonly [string, readonly string[]])[],
  statedMs: (id: string) => number,
): readonly IntendedTask[] {
  return tasks.map(([id, needs]) => ({ id, needs, demand: "any", capability: id, statedMs: statedMs(id) }));
}

export function present(speeds: readonly number[], slots = 1): readonly PresentAgent[] {
  return speeds.map((speed, at) => ({
    id: `agent-${at}`,
    slots,
    satisfiedDemands: new Set(["any"]),
    slowness: 1 / speed,
  }));
}

export function chain(length: number): readonly (readonly [string, readonly string[]])[] {
  return Array.from({ length }, (_, at) => [`step-${at}`, at === 0 ? [] : [`step-${at - 1}`]] as const);
}

/** Returns layers: each task needs some of the previous layer. */
export function layers(count: number, width: number): readonly (readonly [string, readonly string[]])[] {
  return Array.from({ length: count * width }, (_, at) => {
    const [layer, place] = [Math.floor(at / width), at % width];
    const needs = [place, (place * 3 + 1) % width].map((other) => `task-${layer - 1}-${other}`);
    return [`task-${layer}-${place}`, layer === 0 ? [] : [...new Set(needs)]] as const;
  });
}

export function situated(
  tasks: readonly IntendedTask[],
  agents: readonly PresentAgent[],
  knowledge: Knowledge = {},
): Situation {
  const result = situationOf(tasks, agents, knowledge);
  if ("refused" in result) throw new Error(`expected a situation, got ${result.refused.detail}`);
  return result.situation;
}
