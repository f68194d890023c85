/** Folders of coding tasks, and the checks of their changes. */
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { type CommandLimits, requireStarted, runCommand, variablesOf } from "../shell/command.ts";
import { folderOf } from "../shell/shell.ts";
import type { TaskContext } from "../task/context.ts";
import { codingErrors } from "./errors.ts";

export interface CodingFolders {
  /** The repository, or a folder of repositories. Default: the folder of the worker. */
  readonly folder?: string;
  /** Folder of the work trees. Default: a folder of the user in the folder for temporary files. */
  readonly trees?: string;
  readonly limits?: CommandLimits;
  /** How long a program may take to end after SIGTERM. Default 5,000. */
  readonly graceMs?: number;
}

const checkOutputMax = 4_000;

export function foldersOf({
  folder = process.cwd(),
  trees = join(tmpdir(), `tutti-trees-${userInfo().uid}`),
}: CodingFolders) {
  return { folder, trees };
}

export function repositoryOf(folder: string, repository: unknown = "."): Promise<string> {
  if (typeof repository !== "string") throw codingErrors.inputInvalid({ expected: "`repository`, a folder" });
  return folderOf(folder, repository, "git");
}

/** Runs a check. Returns the end of its output if it failed. */
export async function checkOf(
  check: readonly string[],
  place: CodingFolders & { readonly folder: string; readonly signal: AbortSignal },
  task: TaskContext,
): Promise<string | undefined> {
  const { folder, signal: ending, limits, graceMs } = place;
  await task.output(`$ ${check.join(" ")}\n`, { channel: "check" });
  const end = await runCommand(check, {
    folder,
    env: { ...variablesOf(), CI: "1" },
    signal: ending,
    ...(limits !== undefined && { limits }),
    ...(graceMs !== undefined && { graceMs }),
    output: (chunk) => task.output(chunk, { channel: "check" }),
  });
  requireStarted(check[0] ?? "", end);
  const { code, signal, stdout, stderr } = end;
  if (code === 0 && signal === undefined) return undefined;
  const output = `${stdout.text}\n${stderr.text}`.trim().slice(-checkOutputMax);
  return `${signal ?? `exit code ${code}`}\n${output}`;
}

export function requireCheck(check: unknown): void {
  const isCommand =
    Array.isArray(check) && check.length > 0 && check.every((part) => typeof part === "string");
  if (check !== undefined && !isCommand)
    throw codingErrors.inputInvalid({ expected: "`check`, a list of texts" });
}

export function textOf(input: unknown, name: string): string {
  const value = (input as Readonly<Record<string, unknown>> | null)?.[name];
  if (typeof value === "string" && value.trim() !== "" && !value.startsWith("-")) return value;
  throw codingErrors.inputInvalid({ expected: `\`${name}\`, a text` });
}
