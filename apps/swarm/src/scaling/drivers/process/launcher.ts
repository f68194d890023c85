/** Programs of this machine: started without a shell, in a group of their own, their output line by line. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { ownGroup, signalGroup } from "@tutti/kernel";
import type { Ending, Running } from "../berths/programs.ts";

export interface Program {
  readonly command: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

export interface RunningProcess extends Running {
  /** Undefined when it never started. */
  readonly pid: number | undefined;
}

const lineMax = 4_096;

export function launch({ command, directory, environment, onLine }: Program): RunningProcess {
  const [file = "", ...parameters] = command;
  const child = spawn(file, parameters, {
    cwd: directory === "" ? undefined : directory,
    env: environment,
    // A group of its own: a signal from the terminal is the platform's to pass on, and a kill reaches its children.
    ...ownGroup(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) readLines(stream, onLine);
  return { pid: child.pid, ended: endOf(child), signal: (signal) => signalGroup(child.pid, signal) };
}

function endOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ kind: "never started", reason: error.message }));
    child.once("exit", (code, signal) =>
      resolve(signal === null ? { kind: "exited", code: code ?? 0 } : { kind: "killed", signal }),
    );
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
