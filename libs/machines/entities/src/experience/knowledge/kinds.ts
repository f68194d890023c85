/**
 * Kinds of work that an attempt belongs to, the nearest first: this task of a definition, this version, this
 * capability, anything.
 */
import type { Subject } from "@tutti/planner";

export interface AboutAttempt {
  readonly capability: string;
  readonly version: string;
  readonly agentId: string;
  readonly definition: string;
  readonly definitionTask: string;
  readonly inputBytes: number;
}

/** A kind, with its encoding as a subject. Empty fields mean any. */
export type Kind = Pick<AboutAttempt, "capability" | "version" | "definition" | "definitionTask">;

export function kindsOf({ capability, version, definition, definitionTask }: Kind): readonly Kind[] {
  const any = { capability: "", version: "", definition: "", definitionTask: "" };
  const kinds: Kind[] = [];
  if (definition !== "" && definitionTask !== "")
    kinds.push({ ...any, capability, definition, definitionTask });
  if (version !== "" && capability !== "") kinds.push({ ...any, capability, version });
  if (capability !== "") kinds.push({ ...any, capability });
  return [...kinds, any];
}

/** Returns the key of a kind for estimates, with the wider kinds that include it. */
export function describedAs(kind: Kind): { readonly capability: string; readonly within: readonly string[] } {
  const [capability = "", ...within] = kindsOf(kind).map(keyOf);
  return { capability, within };
}

/** An attempt that ended, or one whose start is known. */
export interface TimedAttempt extends AboutAttempt {
  readonly endMs?: number;
  readonly runMs?: number;
  /** Properties of its input, set by its author. */
  readonly key?: string;
  readonly count?: number;
}

export function subjectOf(attempt: TimedAttempt): Subject {
  const { agentId, inputBytes, endMs = 0, runMs = 0, key = "", count = 0 } = attempt;
  return { ...describedAs(attempt), agentId, inputBytes, timeMs: endMs - runMs, key, count };
}

// Capabilities, versions and names of definitions have no line breaks.
export function keyOf({ capability, version, definition, definitionTask }: Kind): string {
  return [capability, version, definition, definitionTask].join("\n");
}

export function capabilityIn(key: string): string {
  const end = key.indexOf("\n");
  return end < 0 ? key : key.slice(0, end);
}

export function kindOf(key: string): Kind {
  const [capability = "", version = "", definition = "", definitionTask = ""] = key.split("\n");
  return { capability, version, definition, definitionTask };
}
