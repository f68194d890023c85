import type { KeptVersion } from "@tutti/contracts/workflow/v1";
import type { Command, MachineEvent, ReadOnly } from "@tutti/kernel";

/** A definition, folded from its events. Only folds change it. */
export interface Definition {
  /** By hash, the oldest first. */
  readonly versions: Map<string, KeptVersion>;
  /** Hashes by label. */
  readonly labels: Map<string, string>;
  /** Labels of the version that `latest` points to: what the definition is found by. */
  searchLabels: Readonly<Record<string, string>>;
}

export type DefinitionView = ReadOnly<Definition>;
export type DefinitionEvent<Body> = MachineEvent<Definition, never, Body>;
export type DefinitionCommand<Body, Reply> = Command<Definition, Body, Reply, never>;

/** What is started when nothing else is said. */
export const latest = "latest";

export const versionsMax = 10_000;
export const labelsMax = 1_000;

export function newDefinition(): Definition {
  return { versions: new Map(), labels: new Map(), searchLabels: {} };
}
