/**
 * Commands as tasks: a program and its arguments, without a shell in between.
 *
 * 1. A command sees the variables that the worker lists, and those of the task.
 * 2. It runs in the folder of the worker or below.
 */
import { realpath } from "node:fs/promises";
import { basename, isAbsolute, relative, resolve } from "node:path";
import { systemTimers, type Timers } from "@tutti/kernel";
import { TaskFailure } from "../task/failure.ts";
import type { HandleOptions, Handler } from "../task/handlers.ts";
import { type CommandLimits, requireStarted, runCommand, variablesOf } from "./command.ts";
import { shellErrors } from "./errors.ts";

/** What a task gives: `with: [git, status]`, or the members. */
export interface ShellInput {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** A folder, from that of the worker. */
  readonly cwd?: string;
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
  /** Whether the result lacks the beginning of its output. */
  readonly truncated: boolean;
}

export interface ShellOptions {
  /** Programs that tasks may run, by name. Default: all. */
  readonly programs?: readonly string[];
  /** Where commands run, and which they cannot leave by `cwd`. Default: the folder of the worker. */
  readonly folder?: string;
  /** Variables of the worker that commands see. Default: PATH, HOME, LANG and TZ. */
  readonly env?: readonly string[];
  readonly limits?: CommandLimits;
  /** How long a command may take to end after SIGTERM. Default 5,000. */
  readonly graceMs?: number;
  /** How much of each of its outputs the result keeps. Default 65,536. */
  readonly keptBytes?: number;
}

const stderrShown = 500;

/** What a worker says of it: `worker.handle("shell", shell(), shellOptions)`. */
export const shellOptions: HandleOptions = {
  description: "Runs a program with arguments on the worker's machine.",
  inputSchema: {
    type: "object",
    properties: {
      command: { type: "array", items: { type: "string" }, minItems: 1 },
      cwd: { type: "string" },
      env: { type: "object", additionalProperties: { type: "string" } },
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
  return async (input, task) => {
    const { command, cwd = ".", stdin = "", env = {}, ok = [0], final = [] } = checked(input);
    const [program = ""] = command;
    const { programs } = options;
    if (programs !== undefined && !programs.includes(program))
      throw shellErrors.notAllowed({ what: `The program \`${program}\``, allowed: programs.join(", ") });
    const folder = await folderOf(options.folder ?? process.cwd(), cwd, program);
    const end = await runCommand(command, {
      ...{ folder, env: { ...variablesOf(options.env), ...env }, stdin, timers, signal: task.signal },
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
        truncated: stdout.isCut || stderr.isCut,
      };
    const told = shellErrors.exited({
      ...{ program, how: signal ?? `exit code ${code}`, stderr: stderr.text.trim().slice(-stderrShown) },
    });
    const isFinal = code !== null && final.includes(code);
    throw new TaskFailure(told.code, told.message, { final: isFinal, details: { exitCode: String(code) } });
  };
}

/** A list alone is a command. */
function checked(input: unknown): ShellInput {
  const given = Array.isArray(input) ? { command: input as unknown } : input;
  const { command } = (given ?? {}) as Partial<ShellInput>;
  const isCommand =
    Array.isArray(command) &&
    command.length > 0 &&
    command.every((part) => typeof part === "string" && !part.includes("\0"));
  if (!isCommand || command[0] === "")
    throw shellErrors.inputInvalid({ expected: "`command`, a list of texts" });
  return given as ShellInput;
}

/** Commands stay in the folder of the worker, also through links. */
export async function folderOf(root: string, cwd: string, program: string): Promise<string> {
  try {
    const [home, wanted] = await Promise.all([realpath(root), realpath(resolve(root, cwd))]);
    const way = relative(home, wanted);
    if (way !== ".." && !way.startsWith("../") && !isAbsolute(way)) return wanted;
  } catch (error) {
    throw shellErrors.notStarted({ program, reason: error instanceof Error ? error.message : String(error) });
  }
  throw shellErrors.notAllowed({ what: `The folder \`${cwd}\``, allowed: `${basename(root)} and below` });
}
