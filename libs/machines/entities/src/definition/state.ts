import type { KeptVersion, Rollout } from "@tutti/contracts/workflow/v1";
import type { Command, MachineEvent, MachineStep, ReadOnly } from "@tutti/kernel";

/** A definition, folded from its events. Only folds change it. */
export interface Definition {
  /** By hash, the oldest first. */
  readonly versions: Map<string, KeptVersion>;
  /** Hashes by label. */
  readonly labels: Map<string, string>;
  /** Labels of the version that `latest` points to: what the definition is found by. */
  searchLabels: Readonly<Record<string, string>>;
  /** The version that takes a part of new runs, beside the latest one. */
  rollout: Readonly<Rollout> | undefined;
}

export type DefinitionView = ReadOnly<Definition>;
export type DefinitionEvent<Body> = MachineEvent<Definition, never, Body>;
export type DefinitionCommand<Body, Reply> = Command<Definition, Body, Reply, never>;

export type DefinitionStep = MachineStep<Definition, never>;

/** The label of the version that starts by default. */
export const latest = "latest";

/** From this behaviour on, a version takes a part of new runs. */
export const rollsOut = 2;

export const versionsMax = 10_000;
export const labelsMax = 1_000;

export function newDefinition(): Definition {
  return { versions: new Map(), labels: new Map(), searchLabels: {}, rollout: undefined };
}
