/** Runs scripts of this machine in a copy of their folder, so that two runs do not interfere. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { userInfo } from "node:os";
import { basename, join, relative } from "node:path";
import type { CronUser } from "../commands/adoption/find.ts";

export interface ScriptEnd {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const notCopied = new Set([".git", ".tutti", "node_modules"]);
const firstSignalCode = 128;

/** Copies of a folder, below the folder and with the same name. */
export class FolderCopies {
  readonly #folder: string;
  readonly #root: string;

  static async create(folder: string): Promise<FolderCopies> {
    await mkdir(join(folder, ".tutti"), { recursive: true });
    return new FolderCopies(folder, await mkdtemp(join(folder, ".tutti", "compare-")));
  }

  private constructor(folder: string, root: string) {
    this.#folder = folder;
    this.#root = root;
  }

  async copy(name: string): Promise<string> {
    const copy = join(this.#root, name, basename(this.#folder));
    await mkdir(copy, { recursive: true });
    // A folder cannot be copied into itself in one call.
    for (const entry of await readdir(this.#folder))
      if (!notCopied.has(entry))
        await cp(join(this.#folder, entry), join(copy, entry), { recursive: true, verbatimSymlinks: true });
    return copy;
  }

  remove(): Promise<void> {
    return rm(this.#root, { recursive: true, force: true });
  }
}

/** Returns the digest of each file. */
export async function digestsOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const digests = await Promise.all(
    files.map(
      async (file): Promise<[string, string]> => [
        relative(folder, file),
        createHash("sha256")
          .update(await readFile(file))
          .digest("hex"),
      ],
    ),
  );
  return new Map(digests);
}

/** Runs a command as its callers do: with the variables of this process, or with those of cron. */
export function runScript(
  [program = "", ...args]: readonly string[],
  {
    cwd,
    stdin,
    env: ofCron,
  }: {
    readonly cwd: string;
    readonly stdin: string;
    readonly env: Readonly<Record<string, string>> | undefined;
  },
): Promise<ScriptEnd> {
  const { LANG, TZ } = process.env;
  const env = ofCron === undefined ? process.env : { LANG, TZ, ...ofCron };
  return new Promise((done) => {
    const child = spawn(program, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    const [output, errors]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    // A script may end without reading its input.
    child.stdin.on("error", () => {}).end(stdin);
    child.on("error", (error) => done({ ...notStarted(program, error), stdout: "" }));
    child.on("close", (code, signal) =>
      done({
        exitCode: code ?? firstSignalCode + (signal === "SIGKILL" ? 9 : 15),
        stdout: Buffer.concat(output).toString("utf8"),
        stderr: Buffer.concat(errors).toString("utf8"),
      }),
    );
  });
}

/** A program that cannot start ends as in a shell. */
function notStarted(program: string, error: NodeJS.ErrnoException): Pick<ScriptEnd, "exitCode" | "stderr"> {
  const isMissing = error.code === "ENOENT";
  const reason = isMissing ? "command not found" : error.message;
  return { exitCode: isMissing ? 127 : 126, stderr: `${program}: ${reason}\n` };
}

/** Runs a command as its caller would, with the same variables and outputs. Returns the exit code. */
export function runInPlace(
  [program = "", ...args]: readonly string[],
  {
    cwd,
    stdin,
    env,
  }: {
    readonly cwd: string;
    readonly stdin: string | undefined;
    readonly env: Readonly<Record<string, string>>;
  },
): Promise<number> {
  return new Promise((done) => {
    const input = stdin === undefined ? "inherit" : "pipe";
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: [input, "inherit", "inherit"],
    });
    // A script may end without reading its input.
    child.stdin?.on("error", () => {}).end(stdin);
    child.on("error", (error) => {
      const { exitCode, stderr } = notStarted(program, error);
      process.stderr.write(stderr);
      done(exitCode);
    });
    child.on("close", (code, signal) => done(code ?? firstSignalCode + (signal === "SIGKILL" ? 9 : 15)));
  });
}

/** Returns the name and the home folder of this user. Cron reads both from the same place, not from `HOME`. */
export function cronUser(): CronUser {
  const { username: name, homedir: home } = userInfo();
  return { name, home };
}

/** Returns the piped input of this process. Undefined at a terminal. */
export async function pipedInput(): Promise<string | undefined> {
  if (process.stdin.isTTY) return undefined;
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(Buffer.from(piece as Uint8Array));
  return Buffer.concat(pieces).toString("utf8");
}
