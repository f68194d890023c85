import type { KeptVersion, Rollout } from "@tutti/contracts/workflow/v1";
import type { Command, MachineEvent, MachineStep, ReadOnly } from "@tutti/kernel";

/** A definition, folded from its events. Only folds change it. */
export interface Definition {
  /** Versions by hash, the oldest first. */
  readonly versions: Map<string, KeptVersion>;
  /** Hashes by label. */
  readonly labels: Map<string, string>;
  /** Labels of the version that `latest` points to: lists find the definition by them. */
  searchLabels: Readonly<Record<string, string>>;
  /** Version that takes a share of new runs, in addition to the latest one. */
  rollout: Readonly<Rollout> | undefined;
}

export type DefinitionView = ReadOnly<Definition>;
export type DefinitionEvent<Body> = MachineEvent<Definition, never, Body>;
export type DefinitionCommand<Body, Reply> = Command<Definition, Body, Reply, never>;

export type DefinitionStep = MachineStep<Definition, never>;

/** Label of the version that starts by default. */
export const latest = "latest";

/** From this behaviour on, a version can take a share of new runs. */
export const rollsOut = 2;

/** A hash, or a start of one that is long enough to select a version. */
export const hashStart = /^[0-9a-f]{8,64}$/;

export const versionsMax = 10_000;
export const labelsMax = 1_000;

export function newDefinition(): Definition {
  return { versions: new Map(), labels: new Map(), searchLabels: {}, rollout: undefined };
}
