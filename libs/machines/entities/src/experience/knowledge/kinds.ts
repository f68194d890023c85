/** What kinds of work an attempt is one of, the nearest first: this task of a definition, this version, this capability, anything. */
import type { Subject } from "@tutti/planner";

export interface AboutAttempt {
  readonly capability: string;
  readonly version: string;
  readonly agentId: string;
  readonly definition: string;
  readonly definitionTask: string;
  readonly inputBytes: number;
}

/** A kind, with how it is written as a subject. What is empty means any. */
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

/** Returns a kind as estimates know it, with the wider ones that it is one of. */
export function describedAs(kind: Kind): { readonly capability: string; readonly within: readonly string[] } {
  const [capability = "", ...within] = kindsOf(kind).map(keyOf);
  return { capability, within };
}

export function subjectOf(attempt: AboutAttempt): Subject {
  return { ...describedAs(attempt), agentId: attempt.agentId, inputBytes: attempt.inputBytes };
}

// Capabilities, versions and names of definitions have no line breaks.
export function keyOf({ capability, version, definition, definitionTask }: Kind): string {
  return [capability, version, definition, definitionTask].join("\n");
}

export function kindOf(key: string): Kind {
  const [capability = "", version = "", definition = "", definitionTask = ""] = key.split("\n");
  return { capability, version, definition, definitionTask };
}
