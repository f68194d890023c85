/**
 * Scripts of a folder as capabilities. `tutti adopt scripts` lists them in `tutti-scripts.json`.
 *
 * 1. A script gets the arguments and the standard input of its task. Every exit code is a result, as for other callers.
 * 2. It runs in the folder or below, or in the folder of the list. It sees the variables that the worker names, those of
 *    the list and those of the task.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Handler } from "../task/handlers.ts";
import type { Worker } from "../worker/worker.ts";
import { requireStarted, runCommand, variablesOf } from "./command.ts";
import { requireKnownKeys, shellErrors } from "./errors.ts";
import { folderOf, type ShellOptions } from "./shell.ts";

export interface ScriptInput {
  readonly args?: readonly string[];
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A folder, relative to the folder of the scripts. */
  readonly cwd?: string;
}

export interface ScriptOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** True if the beginning of the output is missing. */
  readonly truncated: boolean;
}

interface AdoptedScript {
  /** The capability. */
  readonly name: string;
  readonly command: readonly string[];
  readonly stdin?: string;
  /** Folder without `cwd` in the input. Default: the folder of the scripts. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const keptBytes = 1_048_576;
const inputSchema = {
  type: "object",
  properties: {
    args: { type: "array", items: { type: "string" } },
    stdin: { type: "string" },
    env: { type: "object", additionalProperties: { type: "string" } },
    cwd: { type: "string" },
  },
};

/** Adds a capability for each adopted script of the folder. */
export async function addScripts(
  worker: Pick<Worker, "handle">,
  folder: string,
  options: Omit<ShellOptions, "programs" | "folder"> = {},
): Promise<void> {
  const text = await readFile(join(folder, "tutti-scripts.json"), "utf8");
  const { scripts } = JSON.parse(text) as { readonly scripts: readonly AdoptedScript[] };
  for (const adopted of scripts)
    worker.handle(adopted.name, script(adopted, folder, options), {
      description: `Runs ${adopted.command.join(" ")}`.slice(0, 200),
      inputSchema,
    });
}

function script(
  { command, stdin: usual = "", cwd: home, env: own = {} }: AdoptedScript,
  root: string,
  options: Omit<ShellOptions, "programs" | "folder">,
): Handler<ScriptInput | null, ScriptOutput> {
  return async (input, task) => {
    requireKnownKeys(input, { inputSchema });
    const { args = [], stdin = usual, env = {}, cwd } = input ?? {};
    const [program = ""] = command;
    if (args.some((arg) => arg.includes("\0")))
      throw shellErrors.inputInvalid({ expected: "`args`, a list of texts" });
    const folder =
      cwd === undefined && home !== undefined
        ? await folderOf(home, ".", program)
        : await folderOf(root, cwd ?? ".", program);
    const end = await runCommand([...command, ...args], {
      folder,
      env: { ...variablesOf(options.env), ...own, ...env },
      stdin,
      signal: task.signal,
      ...(options.limits !== undefined && { limits: options.limits }),
      ...(options.graceMs !== undefined && { graceMs: options.graceMs }),
      keptBytes: options.keptBytes ?? keptBytes,
      output: (chunk, channel) => task.output(chunk, { channel }),
    });
    requireStarted(program, end);
    const { code, stdout, stderr } = end;
    return {
      exitCode: code ?? 1,
      stdout: stdout.text,
      stderr: stderr.text,
      truncated: stdout.isTruncated || stderr.isTruncated,
    };
  };
}
