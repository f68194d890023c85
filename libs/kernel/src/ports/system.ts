/**
 * Differences between Linux, macOS and Windows. Only this file reads `process.platform`, so that support for another
 * system needs no search through the code.
 *
 * Every test of Tutti runs on Linux. The facts about the other systems come from the documentation of Node and libuv.
 * Their pure parts are tested, but not on these systems.
 */
import { execFile } from "node:child_process";
import { readFile, rename } from "node:fs/promises";
import { systemCodeOf } from "../errors/caught.ts";
import type { StopSignal } from "./process.ts";

export interface System {
  readonly name: NodeJS.Platform;
  /** A detached program leads a process group, and the negative number signals the group. */
  readonly hasProcessGroups: boolean;
  /** A signal reaches the handlers of another process. Otherwise it ends the process at once. */
  readonly deliversSignals: boolean;
  /** Signals that ask a process to stop. */
  readonly stopSignals: readonly StopSignal[];
  /** A folder can be opened and synced. Otherwise a rename is durable by itself. */
  readonly syncsFolders: boolean;
  /** Files have modes. Otherwise they have the access rights of their folder. */
  readonly hasModes: boolean;
  /** Threads have separate priorities. Otherwise the whole process would change. */
  readonly hasThreadPriorities: boolean;
  /** There is `sh` with the tools of POSIX. */
  readonly hasShell: boolean;
  /** A file that another process reads can be replaced. Otherwise the rename fails until the file is closed. */
  readonly replacesOpenFiles: boolean;
}

export function systemOf(name: NodeJS.Platform): System {
  const isWindows = name === "win32";
  return {
    name,
    hasProcessGroups: !isWindows,
    deliversSignals: !isWindows,
    // Ctrl-Break, and the console window that closes. Windows has no SIGTERM.
    stopSignals: isWindows ? ["SIGINT", "SIGBREAK", "SIGHUP"] : ["SIGTERM", "SIGINT"],
    syncsFolders: !isWindows,
    hasModes: !isWindows,
    hasThreadPriorities: name === "linux",
    hasShell: !isWindows,
    replacesOpenFiles: !isWindows,
  };
}

/** The system of this process. */
export const thisSystem: System = systemOf(process.platform);

/** Options of `spawn` for a program that is signalled together with everything that it starts. */
export function ownGroup(system = thisSystem): { readonly detached: boolean; readonly windowsHide: boolean } {
  // Detached, a program on Windows would open a console window.
  return { detached: system.hasProcessGroups, windowsHide: true };
}

export interface SignalEdge {
  kill(pid: number, signal: NodeJS.Signals): void;
  run(program: string, args: readonly string[]): void;
}

const systemSignals: SignalEdge = {
  kill: (pid, signal) => void process.kill(pid, signal),
  run: (program, args) => void execFile(program, [...args], { windowsHide: true }, () => {}),
};

/**
 * Signals a program with `ownGroup`, and all programs that it started. A program that has ended is no error.
 *
 * Windows delivers no signals: every one ends program and children at once. Children of a program that has ended by
 * itself are not found there.
 */
export function signalGroup(
  pid: number | undefined,
  signal: NodeJS.Signals,
  system = thisSystem,
  edge = systemSignals,
): void {
  if (pid === undefined) return;
  try {
    if (system.hasProcessGroups) edge.kill(-pid, signal);
    else edge.run("taskkill", ["/pid", String(pid), "/t", "/f"]);
  } catch {
    // It has ended.
  }
}

/**
 * Returns the command that queries when a process started: a program, its arguments, and a parser of its output.
 * Undefined with `/proc`.
 */
export function startQuestion(
  pid: number,
  { name }: System,
): readonly [program: string, ...words: string[]] | undefined {
  if (name === "linux") return undefined;
  if (name !== "win32") return ["ps", "-o", "lstart=", "-p", String(pid)];
  const script = `(Get-Process -Id ${pid} -ErrorAction Stop).StartTime.ToFileTimeUtc()`;
  return ["powershell", "-NoProfile", "-NonInteractive", "-Command", script];
}

/** Returns the start of a process from the text of `/proc/PID/stat`. Undefined for a zombie. */
export function startInStat(stat: string): string | undefined {
  // The name may have spaces and parentheses. The fields after the last one have neither.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return stat === "" || fields[0] === "Z" ? undefined : fields[19];
}

/**
 * Returns when a process started, in its system's format. Number and start together identify a process, because numbers
 * are reused. Undefined if there is none.
 */
export async function startOfProcess(pid: number, system = thisSystem): Promise<string | undefined> {
  const question = startQuestion(pid, system);
  if (question === undefined) return startInStat(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ""));
  const [program, ...args] = question;
  return await new Promise((resolve) => {
    execFile(program, args, { windowsHide: true }, (error, output) =>
      resolve(error === null ? output.trim() || undefined : undefined),
    );
  });
}

const attemptsMax = 8;
const firstPauseMs = 5;
const inUseCodes = new Set(["EPERM", "EACCES", "EBUSY"]);

export interface ReplaceEdge {
  rename(from: string, to: string): Promise<void>;
  pause(durationMs: number): Promise<void>;
}

const systemReplace: ReplaceEdge = {
  rename,
  pause: (durationMs) => new Promise((resolve) => void setTimeout(resolve, durationMs)),
};

/**
 * Replaces a file by a finished one. Readers see the old or the new one, never a part.
 *
 * On Windows a reader or a virus scanner keeps the old file open for a moment. The rename is then repeated, for at most
 * 0.6 s.
 */
export async function replaceFile(
  from: string,
  to: string,
  system = thisSystem,
  edge = systemReplace,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await edge.rename(from, to);
      return;
    } catch (error) {
      const code = systemCodeOf(error) ?? "";
      if (system.replacesOpenFiles || attempt === attemptsMax || !inUseCodes.has(code)) throw error;
    }
    await edge.pause(firstPauseMs * 2 ** (attempt - 1));
  }
}

/** Returns the result of reading a file or a folder. Undefined if it does not exist. Throws any other error. */
export async function ifPresent<Content>(read: Promise<Content>): Promise<Content | undefined> {
  try {
    return await read;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
