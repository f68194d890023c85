/** Programs of the demonstration, and the processes that run them. */
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

/** The part of a process that a supervisor needs. */
export interface RunningProgram {
  readonly pid: number | undefined;
  /** Rejects if the process could not be started. */
  readonly ended: Promise<ProgramExit>;
  signal(signal: NodeJS.Signals): void;
}

export type Launch = (program: Program, onLine: (line: string) => void) => RunningProgram;

/**
 * The leash of the program watches the pipe at descriptor 3. The system closes the pipe when this process exits, even by
 * `kill -9`, and the program ends.
 */
export const launchProgram: Launch = (program, onLine) => {
  const { command, arguments: args, environment } = program;
  const child = spawn(command, [...args], {
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
    // Not `exit`, because the last output has been read only at `close`.
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  return { pid: child.pid, ended, signal: (signal) => child.kill(signal) };
};

/** Removes variables that configure the platform, or workers outside the demonstration. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("TUTTI_")));
}
