/**
 * Commands as tasks: a program and its arguments, without a shell in between.
 *
 * 1. A command and all that it starts are one process group. It is killed when the task ends, is cancelled or times out,
 *    and also when the worker itself is killed: a guard beside it sees the worker's pipe close.
 * 2. It sees the variables that the worker lists, and those of the task. Nothing else of the worker's environment.
 * 3. Its output goes to readers as it comes. The result keeps the end of it.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { realpath } from "node:fs/promises";
import { basename, isAbsolute, relative, resolve } from "node:path";
import type { Readable, Writable } from "node:stream";
import { systemTimers, type Timers } from "@tutti/kernel";
import type { TaskContext } from "../task/context.ts";
import { TaskFailure } from "../task/failure.ts";
import type { HandleOptions, Handler } from "../task/handlers.ts";
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
  readonly limits?: {
    readonly memoryBytes?: number;
    readonly cpuSeconds?: number;
    readonly fileBytes?: number;
  };
  /** How long a command may take to end after SIGTERM. Default 5,000. */
  readonly graceMs?: number;
  /** How much of each of its outputs the result keeps. Default 65,536. */
  readonly keptBytes?: number;
}

const envDefault = ["PATH", "HOME", "LANG", "TZ"];
const stderrShown = 500;
const blockBytes = 512;
/** Of a shell, for a program that is not there, and for one that cannot be run. */
const missingCodes = new Map([
  [127, "there is no such program"],
  [126, "it cannot be executed"],
]);
/**
 * Kills the group when the worker is gone: then file 3 ends. SIGTERM is for the command: the shell waits for it, so that
 * it has the time to end well.
 */
const guard = [
  "trap : TERM",
  `{ trap '' TERM; read _ <&3; kill -KILL -$$; } >/dev/null 2>&1 &`,
  '"$@" 3<&-; r=$?; kill -KILL $!; exit $r',
].join("\n");

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
    const child = spawn("sh", ["-c", `${limitsOf(options)}${guard}`, "sh", ...command], {
      ...{ cwd: folder, env: { ...listed(options.env ?? envDefault), ...env }, detached: true },
      stdio: ["pipe", "pipe", "pipe", "pipe"],
    }) as ChildProcessByStdio<Writable, Readable, Readable>;
    const running = new Running(child, task, { timers, ...options });
    const { code, signal, stdout, stderr } = await running.ended(stdin);
    if (task.signal.aborted) throw task.signal.reason;
    const missing = missingCodes.get(code ?? -1);
    if (missing !== undefined && /not found|denied|cannot execute|not executable/i.test(stderr.text))
      throw shellErrors.notStarted({ program, reason: missing });
    const how = signalOf(code, signal);
    if (how === undefined && code !== null && ok.includes(code))
      return {
        exitCode: code,
        stdout: stdout.text,
        stderr: stderr.text,
        truncated: stdout.isCut || stderr.isCut,
      };
    const told = shellErrors.exited({
      ...{ program, how: how ?? `exit code ${code}`, stderr: stderr.text.trim().slice(-stderrShown) },
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
async function folderOf(root: string, cwd: string, program: string): Promise<string> {
  try {
    const [home, wanted] = await Promise.all([realpath(root), realpath(resolve(root, cwd))]);
    const way = relative(home, wanted);
    if (way !== ".." && !way.startsWith("../") && !isAbsolute(way)) return wanted;
  } catch (error) {
    throw shellErrors.notStarted({ program, reason: error instanceof Error ? error.message : String(error) });
  }
  throw shellErrors.notAllowed({ what: `The folder \`${cwd}\``, allowed: `${basename(root)} and below` });
}

function listed(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function limitsOf({ limits = {} }: ShellOptions): string {
  const { memoryBytes, cpuSeconds, fileBytes } = limits;
  const each = [
    memoryBytes === undefined ? "" : `ulimit -v ${Math.ceil(memoryBytes / 1_024)}; `,
    cpuSeconds === undefined ? "" : `ulimit -t ${Math.ceil(cpuSeconds)}; `,
    fileBytes === undefined ? "" : `ulimit -f ${Math.ceil(fileBytes / blockBytes)}; `,
  ];
  return each.join("");
}

/** A shell gives 128 and the number of the signal that ended its command. */
function signalOf(code: number | null, signal: NodeJS.Signals | null): string | undefined {
  if (signal !== null) return `the signal ${signal}`;
  return code !== null && code > 128 && code < 160 ? `the signal ${code - 128}` : undefined;
}

class Kept {
  readonly #max: number;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  isCut = false;

  constructor(max: number) {
    this.#max = max;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length - (this.#chunks[0]?.length ?? 0) > this.#max) {
      this.#length -= this.#chunks.shift()?.length ?? 0;
      this.isCut = true;
    }
  }

  get text(): string {
    const all = Buffer.concat(this.#chunks);
    if (all.length > this.#max) this.isCut = true;
    return all.subarray(Math.max(0, all.length - this.#max)).toString();
  }
}

class Running {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #task: TaskContext;
  readonly #timers: Timers;
  readonly #graceMs: number;
  readonly #keptBytes: number;

  constructor(
    child: ChildProcessByStdio<Writable, Readable, Readable>,
    task: TaskContext,
    { timers, graceMs = 5_000, keptBytes = 65_536 }: ShellOptions & { readonly timers: Timers },
  ) {
    this.#child = child;
    this.#task = task;
    this.#timers = timers;
    this.#graceMs = graceMs;
    this.#keptBytes = keptBytes;
  }

  async ended(stdin: string) {
    const child = this.#child;
    const over = Promise.withResolvers<{
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    }>();
    child.on("error", (error) =>
      over.reject(shellErrors.notStarted({ program: "sh", reason: error.message })),
    );
    child.on("exit", (code, signal) => over.resolve({ code, signal }));
    // A program that reads nothing closes its input.
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    const abort = () => this.#stop(over.promise);
    this.#task.signal.addEventListener("abort", abort, { once: true });
    if (this.#task.signal.aborted) abort();
    const read = [this.#read(child.stdout, "stdout"), this.#read(child.stderr, "stderr")] as const;
    try {
      const end = await over.promise;
      // What it left behind ends with it, and so do its outputs.
      this.#kill("SIGKILL");
      const [stdout, stderr] = await Promise.all(read);
      return { ...end, stdout, stderr };
    } finally {
      this.#task.signal.removeEventListener("abort", abort);
      this.#kill("SIGKILL");
      for (const pipe of child.stdio) pipe?.destroy();
    }
  }

  async #read(stream: Readable, channel: string): Promise<Kept> {
    const kept = new Kept(this.#keptBytes);
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        kept.add(chunk);
        await this.#task.output(chunk, { channel });
      }
    } catch {
      // The pipe was closed under it: what came so far is the output.
    }
    return kept;
  }

  #stop(over: Promise<unknown>): void {
    this.#kill("SIGTERM");
    const timer = this.#timers.after(this.#graceMs, () => this.#kill("SIGKILL"));
    over.catch(() => {}).finally(() => timer.cancel());
  }

  #kill(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // The group has ended.
    }
  }
}
