/** Starts a program once, with its output in a file. */
import { spawn } from "node:child_process";
import { type FileHandle, open } from "node:fs/promises";
import { ownGroup } from "@tutti/kernel";

export interface Program {
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly directory: string;
  readonly log: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface Child {
  readonly pid: number;
  /** Resolves with the end in words: `exited with 1`, `was ended by SIGKILL`. */
  readonly ended: Promise<string>;
  signal(signal: NodeJS.Signals): void;
}

export async function startChild({ command, directory, log, environment }: Program): Promise<Child> {
  const file = await open(log, "a");
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: directory,
    env: environment,
    stdio: ["ignore", file.fd, file.fd],
    // Ctrl-C is for the supervisor, which ends the processes in order.
    ...ownGroup(),
  });
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  child.once("exit", (code, signal) =>
    resolve(signal === null ? `exited with ${code}` : `was ended by ${signal}`),
  );
  await spawned(child, file);
  return {
    pid: child.pid as number,
    ended,
    signal: (signal) => {
      child.kill(signal);
    },
  };
}

async function spawned(child: ReturnType<typeof spawn>, file: FileHandle): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.once("spawn", resolve);
  child.once("error", reject);
  try {
    await promise;
  } finally {
    await file.close();
  }
}
