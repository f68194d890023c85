/**
 * Commands as tasks: a program and its arguments, without a shell in between.
 *
 * 1. A command sees the variables that the worker lists, and the variables of the task.
 * 2. It runs in the folder of the worker or below. A command with files and no `cwd` has a folder of its own.
 */
import { realpath, rm } from "node:fs/promises";
import { basename, isAbsolute, relative, resolve } from "node:path";
import { reasonOf, systemTimers, type Timers } from "@tutti/kernel";
import type { TaskContext } from "../task/context.ts";
import type { HandleOptions, Handler } from "../task/handlers.ts";
import type { StoredFile } from "../task/stored-file.ts";
import { type CommandLimits, requireStarted, runCommand, variablesOf } from "./command.ts";
import { exitFailure, requireKnownKeys, shellErrors } from "./errors.ts";
import { isBelow, placeFiles, storeArtifacts } from "./files.ts";
import { ScratchFolders } from "./scratch.ts";

/** The input of a task: `with: [git, status]`, or these members. */
export interface ShellInput {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** A folder in the worker's folder. Default: the worker's folder, or an empty one with `files` or `artifacts`. */
  readonly cwd?: string;
  /** Input files by path relative to its folder: texts, files of other tasks, anything else as JSON. */
  readonly files?: Readonly<Record<string, unknown>>;
  /** Files that it leaves for other tasks, as patterns from its folder: `dist/*.tgz`, `reports/**`. */
  readonly artifacts?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Exit codes that are success. Default: 0. */
  readonly ok?: readonly number[];
  /** Exit codes after which another attempt is useless. */
  readonly final?: readonly number[];
}

export interface ShellOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** True if the beginning of the output is missing. */
  readonly truncated: boolean;
  /** Artifacts by their path. Absent without `artifacts`. */
  readonly files?: Readonly<Record<string, StoredFile>>;
}

export interface ShellOptions {
  /** Programs that tasks may run, by name. Default: all. */
  readonly programs?: readonly string[];
  /** Folder of the commands. `cwd` cannot leave it. Default: the worker's folder. */
  readonly folder?: string;
  /** Variables of the worker that commands see. Default: PATH, HOME, LANG and TZ. */
  readonly env?: readonly string[];
  readonly limits?: CommandLimits;
  /** How long a command may take to end after SIGTERM, in milliseconds. Default: 5,000. */
  readonly graceMs?: number;
  /** Bytes of each output that the result keeps. Default: 65,536. */
  readonly keptBytes?: number;
}

/** Options of the capability: `worker.handle("shell", shell(), shellOptions)`. */
export const shellOptions: HandleOptions = {
  description: "Runs a program with arguments on the worker's machine.",
  inputSchema: {
    type: "object",
    properties: {
      command: { type: "array", items: { type: "string" }, minItems: 1 },
      cwd: { type: "string" },
      env: { type: "object", additionalProperties: { type: "string" } },
      files: { type: "object" },
      artifacts: { type: "array", items: { type: "string" } },
      stdin: { type: "string" },
      ok: { type: "array", items: { type: "integer" } },
      final: { type: "array", items: { type: "integer" } },
    },
    required: ["command"],
  },
};

/** Returns a handler that runs commands. */
export function shell(
  options: ShellOptions = {},
  { timers = systemTimers }: { readonly timers?: Timers } = {},
): Handler<ShellInput, ShellOutput> {
  const scratch = new ScratchFolders();
  return async (input, task) => {
    const valid = checked(input);
    const { command, stdin = "", env = {}, ok = [0], final = [], artifacts } = valid;
    const [program = ""] = command;
    requireAllowed(program, options.programs);
    await using place = await placeOf(valid, options.folder ?? process.cwd(), scratch, task);
    const { folder } = place;
    const end = await runCommand(command, {
      folder,
      env: { ...variablesOf(options.env), ...env },
      stdin,
      timers,
      signal: task.signal,
      ...(options.limits !== undefined && { limits: options.limits }),
      ...(options.graceMs !== undefined && { graceMs: options.graceMs }),
      ...(options.keptBytes !== undefined && { keptBytes: options.keptBytes }),
      output: (chunk, channel) => task.output(chunk, { channel }),
    });
    requireStarted(program, end);
    const { code, signal, stdout, stderr } = end;
    if (signal === undefined && code !== null && ok.includes(code))
      return {
        exitCode: code,
        stdout: stdout.text,
        stderr: stderr.text,
        truncated: stdout.isTruncated || stderr.isTruncated,
        ...(artifacts !== undefined && { files: await storeArtifacts(task, folder, artifacts) }),
      };
    throw exitFailure({ program, code, signal, stderr: stderr.text, final });
  };
}

interface Place extends AsyncDisposable {
  readonly folder: string;
}

/** Prepares the folder of a command, with its input files. A temporary folder is removed afterwards. */
async function placeOf(
  { command, cwd, files = {}, artifacts }: ShellInput,
  root: string,
  scratch: ScratchFolders,
  task: TaskContext,
): Promise<Place> {
  const isOwn = cwd === undefined && (artifacts !== undefined || Object.keys(files).length > 0);
  const folder = isOwn ? await scratch.open() : await folderOf(root, cwd ?? ".", command[0] ?? "");
  const place: Place = {
    folder,
    async [Symbol.asyncDispose]() {
      if (isOwn) await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await placeFiles(task, files, folder);
    return place;
  } catch (error) {
    await place[Symbol.asyncDispose]();
    throw error;
  }
}

/** Returns the validated input. A list is a command. */
function checked(input: unknown): ShellInput {
  const fields = Array.isArray(input) ? { command: input as unknown } : input;
  requireKnownKeys(fields, shellOptions);
  const { command, files = {}, artifacts = [] } = (fields ?? {}) as Partial<ShellInput>;
  const isCommand =
    Array.isArray(command) &&
    command.length > 0 &&
    command.every((part) => typeof part === "string" && !part.includes("\0"));
  if (!isCommand || command[0] === "")
    throw shellErrors.inputInvalid({ expected: "`command`, a list of texts" });
  if (![...Object.keys(files), ...artifacts].every(isBelow))
    throw shellErrors.inputInvalid({
      expected: "paths from the folder of the command, without `..`, in `files` and `artifacts`",
    });
  return fields as ShellInput;
}

/** Requires that a program is in the list. Without a list, all programs are allowed. */
export function requireAllowed(program: string, programs: readonly string[] | undefined): void {
  if (programs !== undefined && !programs.includes(program))
    throw shellErrors.notAllowed({ what: `The program \`${program}\``, allowed: programs.join(", ") });
}

/** Returns the folder of a command. It must be in the worker's folder, also through links. */
export async function folderOf(root: string, cwd: string, program: string): Promise<string> {
  try {
    const [rootPath, folder] = await Promise.all([realpath(root), realpath(resolve(root, cwd))]);
    const relativePath = relative(rootPath, folder);
    if (relativePath !== ".." && !relativePath.startsWith("../") && !isAbsolute(relativePath)) return folder;
  } catch (error) {
    throw shellErrors.notStarted({ program, reason: reasonOf(error) });
  }
  throw shellErrors.notAllowed({ what: `The folder \`${cwd}\``, allowed: `${basename(root)} and below` });
}
