/**
 * Programs that need a terminal, as tasks. tmux holds the terminal. The steps of a task type text and wait for prompts.
 *
 * 1. A task has its own tmux server, in the foreground of a command. The server ends with the task, and with the worker
 *    after `kill -9`. All programs in its terminal end with it.
 * 2. After `send`, `wait` reads the lines below the typed line, so it does not find an earlier prompt. After `keys`, it
 *    reads the whole screen, which programs may redraw.
 * 3. A session that a task attaches to is left unchanged. The worker lists the sessions that tasks may use.
 */
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { sleep, systemTimers, type Timers } from "@tutti/kernel";
import type { TaskContext } from "../task/context.ts";
import type { HandleOptions, Handler } from "../task/handlers.ts";
import { runCommand, variablesOf } from "./command.ts";
import { requireKnownKeys, shellErrors } from "./errors.ts";
import { ScratchFolders } from "./scratch.ts";
import { folderOf, requireAllowed, type ShellOptions } from "./shell.ts";

export interface TerminalStep {
  /** A text that is typed, and Enter. */
  readonly send?: string;
  /** Keys by the names of tmux: `Up`, `C-c`, `Escape`. */
  readonly keys?: readonly string[];
  /** A regular expression. The step ends when it matches. Default: the step does not wait. */
  readonly wait?: string;
}

/** The input of a task: a program with its arguments, or an existing session of tmux. */
export interface TerminalInput {
  readonly command?: readonly string[];
  /** The name of a session that the worker lists. */
  readonly session?: string;
  /** A folder, relative to the worker's folder. Default: the worker's folder. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly TerminalStep[];
}

export interface TerminalOutput {
  /** The lines that each step read, in the order of the steps. */
  readonly screens: readonly string[];
}

export interface TerminalOptions
  extends Pick<ShellOptions, "programs" | "folder" | "env" | "limits" | "graceMs"> {
  /** Sessions of the worker's tmux that tasks may attach to. Default: none. */
  readonly sessions?: readonly string[];
}

/** Options of the capability: `worker.handle("terminal", terminal(), terminalOptions)`. */
export const terminalOptions: HandleOptions = {
  description:
    "Runs a program in a terminal on the worker's machine: types, waits for prompts, and returns the lines.",
  inputSchema: {
    type: "object",
    properties: {
      command: { type: "array", items: { type: "string" }, minItems: 1 },
      session: { type: "string" },
      cwd: { type: "string" },
      env: { type: "object", additionalProperties: { type: "string" } },
      steps: {
        type: "array",
        items: {
          type: "object",
          properties: {
            send: { type: "string" },
            keys: { type: "array", items: { type: "string" } },
            wait: { type: "string" },
          },
        },
      },
    },
    required: ["steps"],
  },
};

const pollMs = 50;
/**
 * tmux may close the terminal of an ended program before it has read the last lines and the exit code. So a shell runs
 * the program, and sets the title after the last line.
 */
const endTitle = "tutti-ended";
const runner = [
  "trap : INT QUIT",
  'env -- "$@"',
  `printf '\\033]2;${endTitle} %s\\007' $?`,
  "exec sleep 2147483647",
].join("\n");
const tailCharacters = 500;
const size = ["-x", "200", "-y", "50"];
const historyLines = 10_000;
/** Size of all kept lines: 200 characters each, with up to four bytes per character. */
const screenBytesMax = (historyLines + 50) * 801;

/** Returns a handler that runs programs in a terminal. The worker's machine has tmux. */
export function terminal(
  options: TerminalOptions = {},
  { timers = systemTimers }: { readonly timers?: Timers } = {},
): Handler<TerminalInput, TerminalOutput> {
  const scratch = new ScratchFolders();
  return async (input, task) => {
    const { command, session, steps } = checked(input, options);
    if (session !== undefined) {
      const attached = new Terminal({ server: [], target: `=${session}:`, program: session, task, timers });
      return { screens: await attached.play(steps) };
    }
    const [program = ""] = command;
    const cwd = await folderOf(options.folder ?? process.cwd(), input.cwd ?? ".", program);
    const folder = await scratch.open();
    const over = new AbortController();
    const server = ["-S", join(folder, "tmux"), "-f", "/dev/null"];
    const running = runCommand(["tmux", ...server, "-D"], {
      folder: cwd,
      env: { ...variablesOf(options.env), ...input.env },
      timers,
      ...(options.limits !== undefined && { limits: options.limits }),
      ...(options.graceMs !== undefined && { graceMs: options.graceMs }),
      signal: AbortSignal.any([task.signal, over.signal]),
      output: async () => {},
    });
    const ended = running.then(
      ({ stderr }) => stderr.text.trim(),
      () => "",
    );
    try {
      const opened = new Terminal({ server, target: ":", program, task, timers });
      await opened.open(command, cwd, ended);
      return { screens: await opened.play(steps) };
    } finally {
      over.abort();
      await ended;
      await rm(folder, { recursive: true, force: true });
    }
  };
}

function checked(input: unknown, { programs, sessions = [] }: TerminalOptions) {
  requireKnownKeys(input, terminalOptions);
  const { command = [], session, steps } = (input ?? {}) as Partial<TerminalInput>;
  if (!Array.isArray(steps)) throw shellErrors.inputInvalid({ expected: "`steps`, a list" });
  const [program] = command;
  if ((program === undefined) === (session === undefined))
    throw shellErrors.inputInvalid({ expected: "either `command` or `session`" });
  if (session !== undefined && !sessions.includes(session))
    throw shellErrors.notAllowed({
      what: `The session \`${session}\``,
      allowed: sessions.join(", ") || "none",
    });
  if (program !== undefined) requireAllowed(program, programs);
  return { command, session, steps: (steps as readonly TerminalStep[]).map(withPattern) };
}

function withPattern(step: TerminalStep) {
  try {
    return { ...step, pattern: step.wait === undefined ? undefined : new RegExp(step.wait, "m") };
  } catch {
    throw shellErrors.inputInvalid({ expected: `\`wait\`, a regular expression, found \`${step.wait}\`` });
  }
}

interface ScreenState {
  readonly lines: readonly string[];
  /** The line of the cursor, counted from the first kept line. */
  readonly cursor: number;
  /** How the program ended. */
  readonly end: string | undefined;
}

interface TerminalContext {
  readonly server: readonly string[];
  readonly target: string;
  readonly program: string;
  readonly task: TaskContext;
  readonly timers: Timers;
}

class Terminal {
  readonly #context: TerminalContext;

  constructor(context: TerminalContext) {
    this.#context = context;
  }

  /** Starts the program. The server needs a moment until it listens. */
  async open(command: readonly string[], cwd: string, serverEnd: Promise<string>): Promise<void> {
    let reason: string | undefined;
    void serverEnd.then((text) => {
      reason = text;
    });
    const set = [
      "set",
      "-g",
      "remain-on-exit",
      "on",
      ";",
      "set",
      "-g",
      "history-limit",
      `${historyLines}`,
      ";",
    ];
    const program = ["-c", cwd, "--", "sh", "-c", runner, "sh", ...command];
    for (;;) {
      try {
        await this.#tmux("-N", ...set, "new-session", "-d", ...size, ...program);
        return;
      } catch (error) {
        const { message } = error as Error;
        if (reason !== undefined) throw shellErrors.notStarted({ program: "tmux", reason });
        if (!/no server running|error connecting|ENOENT/.test(message))
          throw shellErrors.notStarted({ program: this.#context.program, reason: message });
        await this.#pause();
      }
    }
  }

  async play(steps: readonly (TerminalStep & { readonly pattern: RegExp | undefined })[]): Promise<string[]> {
    const screens: string[] = [];
    for (const { send, keys = [], pattern } of steps) {
      const before = await this.#readScreen();
      if (send !== undefined) {
        await this.#keys("-l", "--", send);
        await this.#keys("Enter");
      }
      if (keys.length > 0) await this.#keys("--", ...keys);
      const from = send === undefined || keys.length > 0 ? 0 : before.cursor + 1;
      const screen = await this.#matched(pattern, from);
      screens.push(screen);
      await this.#context.task.output(`${screen}\n`);
    }
    return screens;
  }

  /** Waits until the pattern matches, and returns the lines from a line on. Fails if the program has ended. */
  async #matched(pattern: RegExp | undefined, from: number): Promise<string> {
    for (;;) {
      const { lines, cursor, end } = await this.#readScreen();
      // A program that cleared its screen continues at the top.
      const screen = lines
        .slice(cursor < from - 1 ? 0 : from)
        .join("\n")
        .trimEnd();
      if (pattern === undefined || pattern.test(screen)) return screen;
      if (end !== undefined)
        throw shellErrors.exited({
          program: this.#context.program,
          how: `${end} before \`${pattern.source}\` was there`,
          stderr: screen.slice(-tailCharacters),
        });
      await this.#pause();
    }
  }

  async #readScreen(): Promise<ScreenState> {
    const { target } = this.#context;
    const format = "#{history_size} #{cursor_y} #{pane_dead} #{pane_dead_status} #{pane_title}";
    const both = ["display", "-p", "-t", target, format, ";", "capture-pane", "-p", "-S", "-", "-t", target];
    const [first = "", ...lines] = (await this.#runTmux(both)).split("\n");
    const [history, y, isDead, status, title, code] = first.split(" ");
    const exit = status === "" ? "a signal" : `exit code ${status}`;
    const end = title === endTitle ? `exit code ${code}` : isDead === "1" ? exit : undefined;
    return { lines, cursor: Number(history) + Number(y), end };
  }

  async #keys(...args: readonly string[]): Promise<void> {
    await this.#runTmux(["send-keys", "-t", this.#context.target, ...args]);
  }

  async #runTmux(args: readonly string[]): Promise<string> {
    try {
      return await this.#tmux(...args);
    } catch (error) {
      this.#context.task.signal.throwIfAborted();
      const { program: session, server } = this.#context;
      const { stderr = "", message } = error as Error & { readonly stderr?: string };
      const reason = stderr.trim() || message;
      // Only an existing session has no server of its own. An error without output is a missing program.
      if (server.length === 0 && stderr !== "") throw shellErrors.sessionMissing({ session, reason });
      throw shellErrors.notStarted({ program: "tmux", reason });
    }
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { server, task } = this.#context;
    task.signal.throwIfAborted();
    const { stdout } = await promisify(execFile)("tmux", [...server, ...args], {
      signal: task.signal,
      maxBuffer: screenBytesMax,
    });
    return stdout;
  }

  #pause(): Promise<void> {
    const { timers, task } = this.#context;
    return sleep(timers, pollMs, task.signal);
  }
}
