/**
 * Checks files together, each by its kind, without a platform.
 *
 * 1. What a file is follows from its name (`tutti.yaml`, `*.rules.yaml`, `*.agents.yaml`, `*.schema.json`), else from its outermost keys: `workflow`
 *    (in JSON with `tasks` or `states`) or `session`. What is none of these is passed over, and counted.
 * 2. Definitions are held against what the agents of the folder offer, where it says so of any.
 */
import {
  type Catalogue,
  checkSchemaText,
  checkSessionText,
  checkText,
  type DefinitionProblem,
  isSessionText,
  type KnownCapability,
  readText,
} from "@tutti/definitions";
import type { SourceFile } from "../definition-file.ts";
import { checkAgents } from "./agent-file.ts";
import { checkConfiguration, isConfiguration } from "./configuration-file.ts";
import { checkRules } from "./rule-file.ts";

export interface Validated {
  /** By file and place. */
  readonly problems: readonly DefinitionProblem[];
  readonly checked: readonly SourceFile[];
  readonly skipped: readonly string[];
}

type Kind = "configuration" | "rules" | "agents" | "schema" | "session" | "definition";

export function validate(files: readonly SourceFile[]): Validated {
  const kinds = files.map((file) => ({ file, kind: kindOf(file) }));
  const agents = kinds.filter(({ kind }) => kind === "agents").map(({ file }) => checkAgents(file));
  const definitions = kinds.filter(({ kind }) => kind === "definition").map(({ file }) => file);
  const catalogue =
    agents.length === 0
      ? undefined
      : catalogueOf(new Map(agents.flatMap(({ capabilities }) => [...capabilities])), definitions);
  const problems = kinds.flatMap(({ file, kind }) => problemsOf(file, kind, catalogue));
  return {
    problems: [...agents.flatMap((one) => one.problems), ...problems].sort(byPlace),
    checked: kinds.filter(({ kind }) => kind !== undefined).map(({ file }) => file),
    skipped: kinds.filter(({ kind }) => kind === undefined).map(({ file }) => file.fileName),
  };
}

/** Whether a file may be one that is checked, by its name. */
export function mayBeChecked(fileName: string): boolean {
  return /\.(ya?ml|json)$/i.test(fileName);
}

function kindOf(file: SourceFile): Kind | undefined {
  const named = /\.(rules|agents|schema)\.(?:ya?ml|json)$/i.exec(file.fileName)?.[1]?.toLowerCase();
  if (named !== undefined) return named as Kind;
  if (/(?:^|[/\\])tutti(?:\.[\w-]+)?\.(?:ya?ml|json)$/i.test(file.fileName) && isConfiguration(file))
    return "configuration";
  if (!/^\s*["']?(?:workflow|session)["']?\s*:/m.test(file.text)) return;
  if (isSessionText(file)) return "session";
  const { value } = readText(file);
  if (typeof value !== "object" || value === null) return "definition";
  // JSON is what programs write, and in their data a workflow is often a name.
  const hasWork = file.format === "yaml" || Object.hasOwn(value, "tasks") || Object.hasOwn(value, "states");
  return Object.hasOwn(value, "workflow") && hasWork ? "definition" : undefined;
}

function problemsOf(
  file: SourceFile,
  kind: Kind | undefined,
  catalogue: Catalogue | undefined,
): readonly DefinitionProblem[] {
  const against = catalogue === undefined ? {} : { catalogue };
  switch (kind) {
    case "configuration":
      return checkConfiguration(file);
    case "rules":
      return checkRules(file);
    case "schema":
      return checkSchemaText(file);
    case "session":
      return checkSessionText(file, against).problems;
    case "definition":
      return checkText(file, against).problems;
    // Agents were looked at before everything that counts on them.
    case "agents":
    case undefined:
      return [];
  }
}

function catalogueOf(
  capabilities: ReadonlyMap<string, KnownCapability>,
  definitions: readonly SourceFile[],
): Catalogue {
  const names = new Set(
    definitions.flatMap((file) => {
      const { value } = readText(file);
      const name = (value as { readonly workflow?: unknown } | undefined)?.workflow;
      return typeof name === "string" ? [name] : [];
    }),
  );
  return {
    capability: (name) => capabilities.get(name),
    capabilityNames: () => capabilities.keys(),
    definition: (name) => (names.has(name) ? {} : undefined),
    definitionNames: () => names,
  };
}

export function byPlace(one: DefinitionProblem, other: DefinitionProblem): number {
  if (one.fileName !== other.fileName) return one.fileName < other.fileName ? -1 : 1;
  return one.line - other.line || one.column - other.column;
}
