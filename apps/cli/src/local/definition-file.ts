import { basename } from "node:path";
import { usageFailure } from "../command/failure.ts";
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

export async function readDefinition(file: string, shell: Pick<Shell, "readText">): Promise<SourceFile> {
  if (isProgram(file))
    throw usageFailure(`${basename(file)} is a program. This command reads YAML and JSON.`, [
      "Register the workflow from a program with `tutti.workflows.register(definition)`.",
      ["tutti dev", "registers the workflow modules of the current folder"],
    ]);
  try {
    const text = await shell.readText(file);
    const format = /\.json$/i.test(file) ? "json" : "yaml";
    return { format, text, fileName: file === "-" ? "standard input" : file };
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Whether a file is a module in TypeScript or JavaScript. Parsed as YAML, each of its lines would be an error. */
function isProgram(file: string): boolean {
  return /\.[cm]?[jt]sx?$/i.test(file);
}

/** Returns the name without its folder, for the platform. */
export function shortName({ fileName }: SourceFile): string {
  return basename(fileName);
}
