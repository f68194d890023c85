/** Programs on this machine: started without a shell, in their own process group, with logged output. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Readable } from "node:stream";
import { ownGroup, signalGroup, systemTimers } from "@tutti/kernel";
import type { Ending, Running } from "../berths/programs.ts";

export interface Program {
  readonly command: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

export interface RunningProcess extends Running {
  /** Undefined if it never started. */
  readonly pid: number | undefined;
}

const lineMax = 4_096;
/** A child of the program may keep its output open after it. */
const drainMs = 200;

export function launch({ command, directory, environment, onLine }: Program): RunningProcess {
  const [file = "", ...parameters] = command;
  const child = spawn(file, parameters, {
    cwd: directory === "" ? undefined : directory,
    env: environment,
    // In a group of its own: the platform forwards signals of the terminal, and a kill reaches its children.
    ...ownGroup(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const last = new LastMessage();
  readLines(child.stdout, onLine);
  readLines(child.stderr, (line) => {
    last.add(line);
    onLine(line);
  });
  const problemOf = (error: NodeJS.ErrnoException) => startProblem(error, file, directory);
  return {
    pid: child.pid,
    ended: endOf(child, last, problemOf),
    signal: (signal) => signalGroup(child.pid, signal),
  };
}

/** The last message on standard error: a line, with the indented lines after it. */
class LastMessage {
  #message = "";

  add(line: string): void {
    if (line.trim() === "" || /^Node\.js v\d/.test(line)) return;
    const isContinued = /^\s/.test(line) && this.#message !== "";
    const message = isContinued ? `${this.#message} ${line.trim()}` : line.trim();
    this.#message = message.slice(0, lineMax);
  }

  get text(): string | undefined {
    return this.#message === "" ? undefined : this.#message;
  }
}

/** The system has the same code for a missing program and a missing folder. */
function startProblem({ code, message }: NodeJS.ErrnoException, file: string, directory: string): string {
  if (code === "EACCES") return `the program \`${file}\` is not executable (${code})`;
  if (code !== "ENOENT") return message;
  if (directory !== "" && !existsSync(directory)) return `the folder ${directory} does not exist (${code})`;
  if (file.includes("/")) return `the program \`${file}\` does not exist (${code})`;
  return `the program \`${file}\` is not in the PATH of the platform (${code})`;
}

function endOf(child: ChildProcess, last: LastMessage, problemOf: (error: Error) => string): Promise<Ending> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ kind: "never started", reason: problemOf(error) }));
    child.once("exit", (code, signal) => {
      if (signal !== null) return resolve({ kind: "killed", signal });
      // The last output may still be on its way.
      const end = () => resolve({ kind: "exited", code: code ?? 0, lastLine: last.text });
      const timer = systemTimers.after(drainMs, end);
      child.once("close", () => {
        timer.cancel();
        end();
      });
    });
  });
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line.slice(0, lineMax));
    if (rest.length <= lineMax) return;
    onLine(rest.slice(0, lineMax));
    rest = "";
  });
  stream.on("error", () => {});
  stream.on("end", () => {
    if (rest !== "") onLine(rest.slice(0, lineMax));
  });
}
