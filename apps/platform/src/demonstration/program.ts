/** A program as the demonstration starts it, and the process that it becomes. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Program {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface ProgramExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a supervisor needs of a process. */
export interface RunningProgram {
  readonly pid: number | undefined;
  /** Rejects where it could not be started. */
  readonly ended: Promise<ProgramExit>;
  signal(signal: NodeJS.Signals): void;
}

export type Launch = (program: Program, onLine: (line: string) => void) => RunningProgram;

/**
 * The pipe at descriptor 3 is what its leash holds on to: the system closes it when this process is gone, even by
 * `kill -9`, and the program ends.
 */
export const launchProgram: Launch = (program, onLine) => {
  const { command, arguments: given, environment } = program;
  const child = spawn(command, [...given], {
    env: { ...ownEnvironment(), ...environment },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null) createInterface({ input: stream }).on("line", onLine);
  child.stdio[3]?.on("error", () => {});
  const ended = new Promise<ProgramExit>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "ENOENT" ? new Error(`there is no ${command}`) : error),
    );
    // Not `exit`: what it said last has been read by then.
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  return { pid: child.pid, ended, signal: (signal) => child.kill(signal) };
};

/** Without what configures the platform, or workers that are not the demonstration's. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("TUTTI_")));
}
