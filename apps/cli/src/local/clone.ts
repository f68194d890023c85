/** The clone of Tutti that this command is part of, or is run in: some of what it does needs the whole platform's code. */
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { exitCodes } from "../command/exit-codes.ts";
import { Failure } from "../command/failure.ts";
import type { ScriptRun, Shell } from "../effects/shell.ts";

/** Undefined where there is none. */
export function cloneOf(
  shell: Pick<Shell, "exists" | "workingDirectory">,
  own = import.meta.url,
): string | undefined {
  // A bundle lies in apps/cli/dist, a source deeper below. An installed package has no clone around it.
  return cloneAround(dirname(fileURLToPath(own)), shell) ?? cloneAround(shell.workingDirectory, shell);
}

function cloneAround(folder: string, shell: Pick<Shell, "exists">): string | undefined {
  const isClone = ["tools/run.mjs", "apps/platform/src/main.ts", "proto"].every((path) =>
    shell.exists(join(folder, path)),
  );
  if (isClone) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : cloneAround(above, shell);
}

export interface Script {
  readonly script: string;
  readonly words: readonly string[];
}

/** What starts the platform: of the package that this command is part of, else of the clone. */
export function platformStart(
  shell: Pick<Shell, "exists" | "workingDirectory">,
  own = import.meta.url,
): (Script & { readonly isPackage: boolean }) | undefined {
  const script = packaged(shell, "start.mjs", own);
  if (script !== undefined) return { script, words: [], isPackage: true };
  const clone = cloneOf(shell, own);
  if (clone === undefined) return undefined;
  return { script: join(clone, "tools/start.mjs"), words: ["--empty"], isPackage: false };
}

/** A file of the platform in the package that this command is part of. */
function packaged(shell: Pick<Shell, "exists">, name: string, own: string): string | undefined {
  // A chunk of the bundle lies in dist/chunks of the package.
  return ["..", "../.."]
    .map((root) => join(dirname(fileURLToPath(own)), root, "platform", name))
    .find((file) => shell.exists(file));
}

/** Whether `tools/NAME.mjs` can run here. */
export function hasTool(
  shell: Pick<Shell, "exists" | "workingDirectory">,
  name: string,
  own = import.meta.url,
): boolean {
  return packaged(shell, `tool-${name}.mjs`, own) !== undefined || cloneOf(shell, own) !== undefined;
}

/** Runs a tool of the package or the clone, set up as it has to be. */
export async function runTool(
  shell: Pick<Shell, "exists" | "workingDirectory" | "runScript">,
  what: string,
  words: readonly [tool: string, ...words: string[]],
): Promise<ScriptRun> {
  const run = toolIn(shell, what, words);
  return await shell.runScript(run.script, run.words);
}

/** Gives the terminal to a tool of the package or the clone. */
export async function handOverTo(
  shell: Pick<Shell, "exists" | "workingDirectory" | "handOver">,
  what: string,
  words: readonly [tool: string, ...words: string[]],
): Promise<number> {
  const run = toolIn(shell, what, words);
  return await shell.handOver(run.script, run.words);
}

function toolIn(
  shell: Pick<Shell, "exists" | "workingDirectory">,
  what: string,
  [tool, ...words]: readonly [tool: string, ...words: string[]],
  own = import.meta.url,
): Script {
  const name = basename(tool, ".mjs");
  const runner = packaged(shell, `tool-${name}.mjs`, own) && packaged(shell, "tool.mjs", own);
  if (runner !== undefined) return { script: runner, words: [name, ...words] };
  const clone = cloneOf(shell, own);
  if (clone === undefined)
    throw new Failure(`${what} needs a clone of Tutti.`, {
      next: ["Change to the clone and run: npx tutti"],
      exitCode: exitCodes.usage,
      code: "no_clone",
    });
  return { script: join(clone, "tools/run.mjs"), words: [tool, ...words] };
}

/** What a tool told as JSON. Its own words where it failed. */
export function toolJson(what: string, { output, errors, exitCode }: ScriptRun): unknown {
  try {
    return JSON.parse(output);
  } catch {
    throw new Failure(`${what} failed.`, {
      why: `${errors}${output}`.trim().split("\n").slice(0, 12),
      exitCode: exitCode === 2 ? exitCodes.usage : exitCodes.failed,
      code: "tool_failed",
    });
  }
}
