import { existsSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import type { WriteStream } from "node:tty";
import { pathToFileURL } from "node:url";
import { systemTimers } from "@tutti/kernel";
import { exitCodes } from "../command/exit-codes.ts";
import { Failure } from "../command/failure.ts";
import type { ScriptRun, Shell, Sink } from "./shell.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Returns the shell of this process. */
export function systemShell(): Shell {
  const environment: Environment = process.env;
  const interruption = new AbortController();
  for (const signal of stopSignals) process.once(signal, () => interruption.abort(signal));
  // `tutti list | head` closes the pipe, which is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 74));
  return {
    output: sinkOf(process.stdout, environment),
    errors: sinkOf(process.stderr, environment),
    environment,
    ...filesBelow(process.cwd()),
    isAnswered: process.stdin.isTTY === true && process.stderr.isTTY === true,
    interrupted: interruption.signal,
    ...systemTime,
    runScript: (script, args) => runScript(script, args),
    handOver,
    listens: (host, port) => listens(host, port),
    nodeVersion: process.versions.node,
    prompt: async (question) => {
      const { createInterface } = await import("node:readline/promises");
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await lines.question(question, { signal: interruption.signal });
      } catch {
        return undefined;
      } finally {
        lines.close();
      }
    },
  };
}

/** Returns the file operations, relative to a directory. */
export function filesBelow(
  workingDirectory: string,
): Pick<
  Shell,
  | "workingDirectory"
  | "readText"
  | "readBytes"
  | "writeText"
  | "writeBytes"
  | "makeFolder"
  | "workflowsIn"
  | "exists"
  | "isFile"
  | "filesIn"
> {
  const at = (file: string): string => resolve(workingDirectory, file);
  return {
    workingDirectory,
    readText: async (file) => textOf(await gathered(file === "-" ? process.stdin : bytesOf(at(file)))),
    readBytes: (file) => (file === "-" ? process.stdin : bytesOf(at(file))),
    writeText: (file, text) => writeFile(at(file), text).catch((error) => refuseWrite(file, error)),
    writeBytes: (file, bytes) => writeFile(at(file), bytes).catch((error) => refuseWrite(file, error)),
    makeFolder: async (folder) => {
      await mkdir(at(folder), { recursive: true }).catch((error) => refuseWrite(folder, error));
    },
    workflowsIn: async (file) => {
      const { workflowsOfModule } = await import("@tutti/validation/modules");
      return await workflowsOfModule(at(file), systemTimers);
    },
    exists: (file) => existsSync(at(file)),
    isFile: (file) => statSync(at(file), { throwIfNoEntry: false })?.isDirectory() === false,
    filesIn: (folder) => filesIn(folder, at),
  };
}

const writeProblems: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  EACCES: "permission denied",
  EISDIR: "it is a folder",
  ENOTDIR: "its folder is a file",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
};

function refuseWrite(file: string, cause: unknown): never {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const reason = writeProblems[code];
  // Bytes may come from a server, whose errors are not errors of the file.
  if (reason === undefined) throw cause;
  const next = ["Pass a file in a folder that exists and that you can write to."];
  throw new Failure(`${file} cannot be written: ${reason}`, {
    exitCode: exitCodes.usage,
    code: "file",
    next,
    cause,
  });
}

export const systemTime: Pick<Shell, "nowMs" | "pause"> = {
  nowMs: () => Date.now(),
  pause: (durationMs, signal) =>
    new Promise((done) => {
      if (signal?.aborted === true) return done();
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        done();
      };
      const timer = setTimeout(end, durationMs);
      signal?.addEventListener("abort", end);
    }),
};

/** Large pieces, because each costs a wait. */
const pieceBytes = 2 ** 20;

async function* bytesOf(path: string): AsyncGenerator<Uint8Array, void> {
  const { createReadStream } = await import("node:fs");
  yield* createReadStream(path, { highWaterMark: pieceBytes });
}

const passedOver = new Set(["node_modules", "dist"]);

async function filesIn(folder: string, at: (folder: string) => string): Promise<readonly string[]> {
  const { readdir } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const entries = await readdir(at(folder), { withFileTypes: true });
  const visible = entries
    .filter(({ name }) => !name.startsWith(".") && !passedOver.has(name))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const files: string[] = [];
  for (const entry of visible) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) files.push(...(await filesIn(path, at)));
    else if (entry.isFile() || (entry.isSymbolicLink() && leadsToFile(at(path)))) files.push(path);
  }
  return files;
}

/**
 * Returns whether a link leads to a file, as those of a mounted ConfigMap do, or to nothing, which reading it reports. Links
 * to folders are not followed: they may be circular.
 */
function leadsToFile(link: string): boolean {
  return statSync(link, { throwIfNoEntry: false })?.isFile() ?? true;
}

function sinkOf(stream: WriteStream, environment: Environment): Sink {
  const isTerminal = stream.isTTY === true;
  return {
    isTerminal,
    hasColours: hasColours(isTerminal, environment),
    get columns() {
      return sizeOf(stream.columns ?? Number(environment["COLUMNS"]), 80);
    },
    get rows() {
      return sizeOf(stream.rows ?? Number(environment["LINES"]), 24);
    },
    write: (text) => void stream.write(text),
    onResize(listener) {
      stream.on("resize", listener);
      return () => stream.off("resize", listener);
    },
  };
}

/** Follows https://no-color.org and the convention of FORCE_COLOR. FORCE_COLOR takes precedence. */
export function hasColours(isTerminal: boolean, environment: Environment): boolean {
  const forced = environment["FORCE_COLOR"];
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  if ((environment["NO_COLOR"] ?? "") !== "" || environment["TERM"] === "dumb") return false;
  return isTerminal;
}

function sizeOf(reported: number, otherwise: number): number {
  return Number.isInteger(reported) && reported > 0 ? reported : otherwise;
}

/** Decodes UTF-8. Throws for invalid bytes, which would otherwise be replaced silently. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new Error("it is not UTF-8: save it in this encoding", { cause });
  }
}

/** Above any text that a command reads as a whole. A device or a wrong file may have no end. */
const textBytesMax = 64 * 1024 * 1024;

async function gathered(pieces: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of pieces as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > textBytesMax) throw new Error(`it has more than ${textBytesMax / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function runScript(script: string, args: readonly string[]): Promise<ScriptRun> {
  const { spawn } = await import("node:child_process");
  return await new Promise((done, fail) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    const [output, errors]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.on("error", fail);
    child.on("close", (code) =>
      done({
        exitCode: code ?? 1,
        output: Buffer.concat(output).toString("utf8"),
        errors: Buffer.concat(errors).toString("utf8"),
      }),
    );
  });
}

async function handOver(
  script: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<number> {
  const { spawn } = await import("node:child_process");
  // A script with a leash is asked to stop when this process ends, also by `kill -9`. Otherwise the platform would keep
  // its port and its data.
  const leash = join(dirname(script), "leash.mjs");
  const isLeashed = existsSync(leash);
  const options = isLeashed ? ["--import", pathToFileURL(leash).href] : [];
  return await new Promise((done, fail) => {
    const child = spawn(process.execPath, [...options, script, ...args], {
      stdio: ["inherit", "inherit", "inherit", ...(isLeashed ? (["pipe"] as const) : [])],
      env: { ...process.env, ...commandPath(), ...variables },
    });
    // A terminal signals the script too, other senders only this process. The script treats both as one signal.
    const end = (signal: NodeJS.Signals): void => {
      child.kill(signal);
    };
    for (const signal of stopSignals) process.on(signal, end);
    child.on("error", fail);
    child.on("exit", (code) => {
      for (const signal of stopSignals) process.off(signal, end);
      done(code ?? 1);
    });
  });
}

/** Puts the folder of this command first in PATH: the platform starts adapters in files with `tutti`. `npx` does the same. */
function commandPath(): Readonly<Record<string, string>> {
  const [, command = ""] = process.argv;
  if (basename(command) !== "tutti") return {};
  return { PATH: [dirname(command), process.env["PATH"]].filter(Boolean).join(delimiter) };
}

const connectMs = 1_000;

/** Returns whether a port accepts a connection. Closes the connection. */
export async function listens(host: string, port: number): Promise<boolean> {
  const { connect } = await import("node:net");
  return await new Promise((done) => {
    const socket = connect({ host, port, timeout: connectMs });
    const end = (isThere: boolean) => () => {
      socket.destroy();
      done(isThere);
    };
    socket.on("connect", end(true));
    socket.on("error", end(false));
    socket.on("timeout", end(false));
  });
}
