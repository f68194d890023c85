/**
 * A program that a task starts, with all its child processes.
 *
 * 1. No process is left when the task ends, is cancelled or times out, or when the worker is killed. A guard process
 *    detects that the worker's pipe closes. The program leads a process group. Processes that left the group are found by
 *    the mark in their environment.
 * 2. The program sees only the variables that it is given, not the rest of the worker's environment.
 * 3. Output is passed on as it arrives. The end of the output is kept.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { systemTimers, type Timers, thisSystem } from "@tutti/kernel";
import { shellErrors } from "./errors.ts";

export interface CommandLimits {
  readonly memoryBytes?: number;
  readonly cpuSeconds?: number;
  readonly fileBytes?: number;
}

export interface CommandOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Standard input: a text, or a stream. */
  readonly stdin?: string | Readable;
  readonly limits?: CommandLimits;
  /** How long it may take to end after SIGTERM, in milliseconds. Default: 5,000. */
  readonly graceMs?: number;
  /** Bytes kept of each output. Default: 65,536. */
  readonly keptBytes?: number;
  readonly timers?: Timers;
  /** Called at the first byte of stdout, when the program waits for its input. That byte is not part of the output. */
  readonly ready?: (hold: CommandHold) => void;
  /** Receives the output. The program waits until the promise resolves. */
  readonly output: (chunk: Buffer, channel: "stdout" | "stderr") => Promise<void>;
}

/** Controls whether a command keeps the worker's process alive. Initially it does. */
export interface CommandHold {
  ref(): void;
  unref(): void;
}

/** The end of an output. */
interface OutputTail {
  readonly text: string;
  /** True if the beginning is missing. */
  readonly isTruncated: boolean;
}

export interface CommandEnd {
  readonly code: number | null;
  /** The signal that ended the program, if any. */
  readonly signal: string | undefined;
  readonly stdout: OutputTail;
  readonly stderr: OutputTail;
}

const noShell = "this system has none. On Windows, run the worker in WSL or in a container";
const envDefault = ["PATH", "HOME", "LANG", "TZ"];
const markName = "TUTTI_COMMAND";
const blockBytes = 512;
const firstSignalCode = 128;
const lastSignalCode = 160;
/** Exit codes of a shell for a missing program, and for a program that cannot run. */
const missingCodes = new Map([
  [127, "there is no such program"],
  [126, "it cannot be executed"],
]);
/**
 * Ends the command when the worker has ended, which closes file 3. SIGTERM is for the command. The shell waits for the
 * command, so the command has time to end gracefully.
 */
const guard = [
  "m=$1; shift; trap : TERM",
  "{ trap '' TERM; read _ <&3",
  `for e in /proc/[0-9]*/environ; do p=\${e#/proc/}; grep -qsF "${markName}=$m" $e && kill -KILL \${p%/environ}; done`,
  "kill -KILL -$$; } >/dev/null 2>&1 &",
  `${markName}=$m "$@" 3<&-; r=$?; kill -KILL $!; exit $r`,
].join("\n");

/** Runs a command to its end. Rejects with the reason of the signal if the signal was aborted. */
export async function runCommand(command: readonly string[], options: CommandOptions): Promise<CommandEnd> {
  if (!thisSystem.hasShell) throw shellErrors.notStarted({ program: "sh", reason: noShell });
  const mark = randomUUID();
  const child = spawn("sh", ["-c", `${limitsOf(options.limits)}${guard}`, "sh", mark, ...command], {
    cwd: options.folder,
    env: options.env,
    detached: true,
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  }) as ChildProcessByStdio<Writable, Readable, Readable>;
  const end = await new Running(child, mark, options).waitForExit();
  options.signal.throwIfAborted();
  return { ...end, signal: signalOf(end.code, end.signal) };
}

const ownReason =
  /^((command )?not found|no such file|permission denied|(cannot|can't) execute|exec format)/i;

/**
 * Throws if a command ended because its program is missing or cannot run. The error of the guard's shell ends with the
 * program and the reason: `sh: 5: nope: not found`. A program that ran may write the same about another one.
 */
export function requireStarted(program: string, { code, stderr }: CommandEnd): void {
  const reason = missingCodes.get(code ?? -1);
  const isOwn = stderr.text
    .split(`${program}: `)
    .slice(1)
    .some((rest) => ownReason.test(rest));
  if (reason !== undefined && isOwn) throw shellErrors.notStarted({ program, reason });
}

/** Returns the worker's variables with these names. Default: PATH, HOME, LANG and TZ. */
export function variablesOf(names: readonly string[] = envDefault): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function limitsOf(limits: CommandLimits = {}): string {
  const { memoryBytes, cpuSeconds, fileBytes } = limits;
  const each = [
    memoryBytes === undefined ? "" : `ulimit -v ${Math.ceil(memoryBytes / 1_024)}; `,
    cpuSeconds === undefined ? "" : `ulimit -t ${Math.ceil(cpuSeconds)}; `,
    fileBytes === undefined ? "" : `ulimit -f ${Math.ceil(fileBytes / blockBytes)}; `,
  ];
  return each.join("");
}

/** Returns the signal that ended the command. A shell exits with 128 plus the number of the signal. */
function signalOf(code: number | null, signal: NodeJS.Signals | null): string | undefined {
  if (signal !== null) return `the signal ${signal}`;
  return code !== null && code > firstSignalCode && code < lastSignalCode
    ? `the signal ${code - firstSignalCode}`
    : undefined;
}

/** Keeps the end of an output. */
export class TailBuffer {
  readonly #max: number;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  isTruncated = false;

  constructor(max: number) {
    this.#max = max;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length - (this.#chunks[0]?.length ?? 0) > this.#max) {
      this.#length -= this.#chunks.shift()?.length ?? 0;
      this.isTruncated = true;
    }
  }

  get text(): string {
    const all = Buffer.concat(this.#chunks);
    if (all.length > this.#max) this.isTruncated = true;
    return all.subarray(Math.max(0, all.length - this.#max)).toString();
  }
}

class Running {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #mark: string;
  readonly #options: CommandOptions;

  constructor(
    child: ChildProcessByStdio<Writable, Readable, Readable>,
    mark: string,
    options: CommandOptions,
  ) {
    this.#child = child;
    this.#mark = mark;
    this.#options = options;
  }

  async waitForExit() {
    const child = this.#child;
    const over = Promise.withResolvers<{
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    }>();
    child.on("error", (error) =>
      over.reject(shellErrors.notStarted({ program: "sh", reason: error.message })),
    );
    child.on("exit", (code, signal) => over.resolve({ code, signal }));
    // A program that does not read closes its input.
    child.stdin.on("error", () => {});
    const { signal, stdin = "" } = this.#options;
    if (typeof stdin === "string") child.stdin.end(stdin);
    else stdin.pipe(child.stdin);
    const abort = () => this.#stop(over.promise);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    const read = [this.#read(child.stdout, "stdout"), this.#read(child.stderr, "stderr")] as const;
    try {
      const end = await over.promise;
      // Remaining child processes end with it, and so do its outputs.
      this.#killAll();
      const [stdout, stderr] = await Promise.all(read);
      return { ...end, stdout, stderr };
    } finally {
      signal.removeEventListener("abort", abort);
      this.#killAll();
      for (const pipe of child.stdio) pipe?.destroy();
    }
  }

  async #read(stream: Readable, channel: "stdout" | "stderr"): Promise<TailBuffer> {
    const tail = new TailBuffer(this.#options.keptBytes ?? 65_536);
    let ready = channel === "stdout" ? this.#options.ready : undefined;
    try {
      for await (const piece of stream as AsyncIterable<Buffer>) {
        ready?.(this.#hold);
        const chunk = ready === undefined ? piece : piece.subarray(1);
        ready = undefined;
        if (chunk.length === 0) continue;
        tail.add(chunk);
        await this.#options.output(chunk, channel);
      }
    } catch {
      // The pipe was closed during the read. The output so far counts.
    }
    return tail;
  }

  get #hold(): CommandHold {
    const handles = [this.#child, ...this.#child.stdio] as readonly Partial<CommandHold>[];
    return {
      ref: () => handles.forEach((each) => void each?.ref?.()),
      unref: () => handles.forEach((each) => void each?.unref?.()),
    };
  }

  #stop(over: Promise<unknown>): void {
    this.#killGroup("SIGTERM");
    const { timers = systemTimers, graceMs = 5_000 } = this.#options;
    const timer = timers.after(graceMs, () => this.#killAll());
    over.catch(() => {}).finally(() => timer.cancel());
  }

  #killAll(): void {
    this.#killGroup("SIGKILL");
    for (const pid of markedWith(this.#mark)) killed(pid, "SIGKILL");
  }

  #killGroup(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid !== undefined) killed(-pid, signal);
  }
}

function killed(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

/** Returns processes with a mark, such as daemons that left the group. Requires `/proc`. */
function markedWith(mark: string): readonly number[] {
  const marker = Buffer.from(`${markName}=${mark}`);
  let entries: readonly string[] = [];
  try {
    entries = readdirSync("/proc");
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const pid = Number(entry);
    try {
      return pid > 0 && readFileSync(`/proc/${pid}/environ`).includes(marker) ? [pid] : [];
    } catch {
      return [];
    }
  });
}
