import { basename } from "node:path";
import { Failure, usageFailure } from "../command/failure.ts";
import type { Shell } from "../effects/shell.ts";
import { unreadable } from "../server/address.ts";

/** Source of a definition. */
export interface SourceFile {
  readonly format: "yaml" | "json";
  readonly text: string;
  /** The name as the user passed it. */
  readonly fileName: string;
  /** Lines of the file before the text, if the file has several documents. */
  readonly linesBefore?: number;
}

/** A definition name of the contracts, with an optional version after an @. */
const workflowName = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*(@.*)?$/;

/**
 * Returns whether a word names a file, and not a registered workflow. A word that can be the name of a workflow is that
 * name: a file `order` in the folder must not replace the registered `order`. Write `./order` for the file.
 */
export function isFileName(arg: string, shell: Pick<Shell, "isFile">): boolean {
  if (arg === "-" || /\.(ya?ml|json|[cm]?[jt]sx?)$/i.test(arg) || arg.includes("/")) return true;
  return !workflowName.test(arg) && shell.isFile(arg);
}

type Files = Pick<Shell, "readText" | "workflowsIn" | "nodeVersion">;

/** Reads a definition. A module in TypeScript or JavaScript runs, and its exported workflows are the definition. */
export async function readDefinition(
  file: string,
  shell: Files,
  { isMany = false }: { readonly isMany?: boolean } = {},
): Promise<SourceFile> {
  try {
    const text = await shell.readText(file);
    if (isProgram(file)) return await readModule(file, text, { shell, isMany });
    const format = /\.json$/i.test(file) ? "json" : "yaml";
    return { format, text, fileName: file === "-" ? "standard input" : file };
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(file, error);
  }
}

interface Reading {
  readonly shell: Files;
  /** Whether the command accepts several workflows. */
  readonly isMany: boolean;
}

async function readModule(file: string, text: string, { shell, isMany }: Reading): Promise<SourceFile> {
  const name = basename(file);
  const { isModuleName, mayExportWorkflows } = await import("@tutti/validation/modules");
  // Another program would start its work.
  if (!isModuleName(file) || !mayExportWorkflows(text))
    throw usageFailure(`${name} exports no workflow.`, [
      "In a module (.ts, .mts, .js or .mjs), export what `workflow(…)` of `@tutti/sdk` returns.",
    ]);
  if (/ts$/i.test(file) && !runsTypeScript(shell.nodeVersion))
    throw usageFailure(`${name} is TypeScript, which Node ${shell.nodeVersion} does not run.`, [
      "Install Node 24, or run `npx tutti` in a folder with the package `tutti`, which includes Node 24.",
    ]);
  const { texts, failure } = await shell.workflowsIn(file);
  if (failure !== undefined) throw usageFailure(`${name} cannot be read: ${failure}`);
  if (texts.length === 0)
    throw usageFailure(`${name} exports no workflow.`, [
      "Export what `workflow(…)` of `@tutti/sdk` returns.",
    ]);
  if (texts.length > 1 && !isMany)
    throw usageFailure(`${name} exports ${texts.length} workflows, and this command takes one of a file.`, [
      [`tutti apply ${file}`, "registers all of them"],
    ]);
  const documents = texts.map((each) => JSON.stringify(JSON.parse(each), undefined, 2));
  // JSON is YAML, which can have several documents.
  const format = documents.length === 1 ? "json" : "yaml";
  return { format, text: documents.join("\n---\n"), fileName: file };
}

/** Node 22.18 and 23.6 are the first versions that run TypeScript without an option. */
function runsTypeScript(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  return major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
}

/** Whether a file is a module in TypeScript or JavaScript. Parsed as YAML, each of its lines would be an error. */
function isProgram(file: string): boolean {
  return /\.[cm]?[jt]sx?$/i.test(file);
}

/** Returns the name without its folder, for the platform. */
export function shortName({ fileName }: SourceFile): string {
  return basename(fileName);
}
