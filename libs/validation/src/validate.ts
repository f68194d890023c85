/**
 * Checks files together, each by its kind, without an installation.
 *
 * 1. The kind of a file follows from its name (`tutti.yaml`, `*.rules.yaml`, `*.agents.yaml`, `*.schema.json`),
 *    otherwise from its outermost keys: `workflow` (in JSON with `tasks`, `steps` or `states`) or `session`. All other
 *    files are skipped, and counted.
 * 2. Definitions are checked against the capabilities of the agents in the folder, if it has agent files, and against
 *    those of an installation, if requested.
 */
import {
  type Catalogue,
  checkAdapterText,
  checkScheduleText,
  checkSchemaText,
  checkSessionText,
  checkSourceText,
  checkText,
  checkTriggerText,
  type DefinitionProblem,
  type DefinitionText,
  documentsOf,
  isAdapterText,
  isScheduleText,
  isSessionText,
  isSourceText,
  isTriggerText,
  isWorkflowText,
  type KnownCapability,
  keyLine,
  printDefinition,
  readText,
} from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { checkAgents } from "./agent-file.ts";
import { checkConfiguration, isConfiguration } from "./configuration-file.ts";
import { together, Usage, type Used } from "./installation.ts";
import { checkResource, isResourceKind, resourceKindOf } from "./resource-file.ts";
import { checkRules } from "./rule-file.ts";
import { type ApplySettings, applySettingsName, fillVariables, readApplySettings } from "./variables.ts";
import { checkVariantText, isVariantText } from "./variant-file.ts";

export interface Validated {
  /** Problems by file and place. */
  readonly problems: readonly DefinitionProblem[];
  readonly checked: readonly DefinitionText[];
  readonly skipped: readonly string[];
}

type Kind =
  | "configuration"
  | "rules"
  | "agents"
  | "schema"
  | "session"
  | "schedule"
  | "trigger"
  | "source"
  | "adapter"
  | "resource"
  | "variant"
  | "apply"
  | "unreadable"
  | "definition";

export interface ValidateOptions {
  /** Catalogue of an installation in addition to the folder: with it, definitions may use nothing else. */
  readonly installation?: Catalogue | undefined;
}

export function validate(
  files: readonly DefinitionText[],
  { installation }: ValidateOptions = {},
): Validated {
  const { filled, problems: unfilled } = withVariables(files);
  const kinds = filled.flatMap(partsOf).map((file) => ({ file, kind: kindOf(file) }));
  const agents = kinds.filter(({ kind }) => kind === "agents").map(({ file }) => checkAgents(file));
  const capabilities = new Map(agents.flatMap((agent) => [...agent.capabilities]));
  const definitions = kinds.filter(({ kind }) => kind === "definition").map(({ file }) => file);
  const folder = catalogueOf(capabilities, definitions);
  const catalogue =
    installation === undefined ? (agents.length === 0 ? undefined : folder) : together(folder, installation);
  const problems = [...unfilled, ...agents.flatMap((agent) => [...agent.problems])];
  for (const { file, kind } of kinds) problems.push(...problemsOf(file, kind, catalogue));
  const known = new Set(kinds.filter(({ kind }) => kind !== undefined).map(({ file }) => file.fileName));
  return {
    problems: problems.sort(byPlace),
    checked: files.filter(({ fileName }) => known.has(fileName)),
    skipped: files.map(({ fileName }) => fileName).filter((fileName) => !known.has(fileName)),
  };
}

/** Returns the capabilities and definitions that the files use. */
export function usedIn(files: readonly DefinitionText[]): Used {
  const usage = new Usage();
  for (const file of files.flatMap(partsOf)) {
    const kind = kindOf(file);
    if (kind === "definition" || kind === "session") problemsOf(file, kind, usage.catalogue);
  }
  return { capabilities: usage.capabilities, definitions: usage.definitions };
}

export interface DefinitionFile {
  readonly fileName: string;
  readonly document: Json;
}

/** Returns the valid definitions of the files, as documents. */
export function documentsIn(files: readonly DefinitionText[]): readonly DefinitionFile[] {
  const all: DefinitionFile[] = [];
  for (const file of files.flatMap(partsOf)) {
    if (kindOf(file) !== "definition") continue;
    const { definition, problems } = checkText(file);
    if (definition === undefined || problems.some(({ severity }) => severity === "error")) continue;
    const document = JSON.parse(printDefinition(definition.document, "json")) as Json;
    all.push({ fileName: file.fileName, document });
  }
  return all;
}

/** Returns whether the name of a file allows a check. */
export function mayBeChecked(fileName: string): boolean {
  return /\.(ya?ml|json)$/i.test(fileName);
}

function isApplySettings({ fileName }: DefinitionText): boolean {
  return fileName.split(/[/\\]/).at(-1) === applySettingsName;
}

/** Fills in the variables of files below a folder with `tutti.apply.yaml`, with their default values. */
function withVariables(files: readonly DefinitionText[]) {
  const folders = new Map<string, ApplySettings>();
  for (const file of files.filter(isApplySettings)) {
    const { settings } = readApplySettings(file);
    if (settings !== undefined) folders.set(file.fileName.slice(0, -applySettingsName.length), settings);
  }
  if (folders.size === 0) return { filled: files, problems: [] };
  const problems: DefinitionProblem[] = [];
  const filled = files.map((file) => {
    const [, settings] = [...folders].find(([folder]) => file.fileName.startsWith(folder)) ?? [];
    if (settings === undefined || isApplySettings(file)) return file;
    const result = fillVariables(file, settings.variables);
    problems.push(...result.problems);
    return result.file;
  });
  return { filled, problems };
}

/** Returns the documents of a file. */
function partsOf(file: DefinitionText): readonly DefinitionText[] {
  const documents = documentsOf(file);
  return documents.length > 1 ? documents : [file];
}

const startedLine = keyLine("workflow", "session", "schedule", "trigger", "source");

function kindOf(file: DefinitionText): Kind | undefined {
  const named = /\.(rules|agents|schema)\.(?:ya?ml|json)$/i.exec(file.fileName)?.[1]?.toLowerCase();
  if (named !== undefined) return named as Kind;
  if (/(?:^|[/\\])tutti(?:\.[\w-]+)?\.(?:ya?ml|json)$/i.test(file.fileName) && isConfiguration(file))
    return "configuration";
  if (isApplySettings(file)) return "apply";
  if (file.format === "yaml" && resourceKindOf(file) !== undefined) return "resource";
  if (file.format === "yaml" && isVariantText(file)) return "variant";
  if (file.format === "yaml" && isAdapterText(file)) return "adapter";
  if (file.format === "yaml" && hasAppliedKind(file) && isUnreadable(file)) return "unreadable";
  if (!startedLine.test(file.text)) return;
  if (isSessionText(file)) return "session";
  // JSON of programs often has a field with this name.
  if (file.format === "yaml" && isScheduleText(file)) return "schedule";
  if (file.format === "yaml" && isTriggerText(file)) return "trigger";
  if (file.format === "yaml" && isSourceText(file)) return "source";
  return isWorkflowText(file) || isUnreadable(file) ? "definition" : undefined;
}

/**
 * Returns whether the first line is a kind that `tutti apply` knows, such as `pool: render`. A file that cannot be
 * parsed has no keys, and must not pass as a file of another kind.
 */
function hasAppliedKind({ text }: DefinitionText): boolean {
  const first = text.split("\n").find((line) => !/^\s*(?:#.*)?$/.test(line) && !line.startsWith("---")) ?? "";
  const [, kind = ""] = /^([a-z-]+):[ \t]+["']?[\w./-]+["']?[ \t]*(?:#.*)?\r?$/.exec(first) ?? [];
  return kind === "adapter" || kind === "variant" || isResourceKind(kind);
}

/** Returns whether a file cannot be parsed. Its checker reports the problem. */
function isUnreadable(file: DefinitionText): boolean {
  return readText(file).value === undefined;
}

function problemsOf(
  file: DefinitionText,
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
    case "schedule":
      return checkScheduleText(file).problems;
    case "trigger":
      return checkTriggerText(file).problems;
    case "source":
      return checkSourceText(file).problems;
    case "adapter":
      return checkAdapterText(file).problems;
    case "resource": {
      const resourceKind = resourceKindOf(file);
      return resourceKind === undefined ? [] : checkResource(file, resourceKind).problems;
    }
    case "variant":
      return checkVariantText(file).problems;
    case "unreadable":
      return readText(file).problems;
    case "apply":
      return readApplySettings(file).problems;
    case "definition":
      return checkText(file, against).problems;
    // Agent files are read before all files that depend on them.
    case "agents":
    case undefined:
      return [];
  }
}

function catalogueOf(
  capabilities: ReadonlyMap<string, KnownCapability>,
  definitions: readonly DefinitionText[],
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

type Placed = Pick<DefinitionProblem, "fileName" | "line" | "column">;

export function byPlace(one: Placed, other: Placed): number {
  if (one.fileName !== other.fileName) return one.fileName < other.fileName ? -1 : 1;
  return one.line - other.line || one.column - other.column;
}
