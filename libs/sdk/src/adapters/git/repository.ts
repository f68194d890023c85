/**
 * A copy of a git repository without a work tree, and the program `git` that keeps it.
 *
 * 1. Credentials are never on a command line, which other users of the machine can read.
 * 2. Git reads no configuration of the machine, runs no hook and asks no question.
 * 3. One command runs at a time, because two fetches of one copy would wait for each other's locks.
 */
import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OptionNames } from "../../options.ts";
import type { SecretReference } from "../adapter.ts";
import { requireReference, withoutSecrets } from "../client.ts";
import { adapterErrors } from "../errors.ts";
import type { Caller } from "../source.ts";

export interface GitConnectionOptions {
  readonly name: string;
  /** Refers to a URL: `https://user:token@host/team/shop.git`, `ssh://git@host/team/shop.git` or `file:///srv/shop.git`. */
  readonly url: SecretReference;
  /** Refers to a private key for `ssh://`. Default: the keys of the worker's user. */
  readonly privateKey?: SecretReference;
  /** Lines of a `known_hosts` file for `ssh://`. Default: the file of the worker's user. */
  readonly knownHosts?: string;
  /** Folder of the copy. Default: a new folder in the machine's temporary folder. */
  readonly folder?: string;
}

export const connectionOptionNames: OptionNames<GitConnectionOptions> = {
  name: true,
  url: true,
  privateKey: true,
  knownHosts: true,
  folder: true,
};

export interface GitCall extends Caller {
  readonly operation: string;
}

export type Git = (args: readonly string[], more?: GitMore) => Promise<Buffer>;

interface GitMore {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that count as success. Default: 0. */
  readonly codes?: readonly number[];
  readonly bytesMax?: number;
}

/** Failure of a git command. */
export class GitFailure extends Error {}

const outputBytesMax = 16_777_216;
const outputLengthMax = 2_000;
const schemes = /^(https?|ssh|file):$/;

interface Place {
  readonly url: string;
  readonly password: string;
  readonly privateKey: string;
}

export class Repository {
  readonly #options: GitConnectionOptions;
  #folder: Promise<string> | undefined;
  #isInitialized = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: GitConnectionOptions) {
    this.#options = options;
    requireReference(options.name, options.url, "env:SHOP_GIT");
  }

  /** Removes the copy if it has no configured folder. */
  close(): void {
    const ownFolder = this.#options.folder === undefined ? this.#folder : undefined;
    this.#folder = undefined;
    this.#isInitialized = false;
    ownFolder?.then((folder) => rm(folder, { recursive: true, force: true })).catch(() => {});
  }

  /** Works with the copy, after all earlier calls. */
  async use<T>(call: GitCall, work: (git: Git, folder: string) => Promise<T>): Promise<T> {
    const before = this.#last;
    const mine = Promise.withResolvers<void>();
    this.#last = mine.promise;
    try {
      await before;
      call.signal.throwIfAborted();
      const place = await this.#place(call);
      this.#folder ??= this.#createFolder();
      const folder = await this.#folder;
      const git = await this.#gitOf(folder, place, call);
      if (!this.#isInitialized) await git(["init", "--quiet", "--bare", "."]);
      this.#isInitialized = true;
      await git(["config", "remote.origin.url", place.url]);
      return await work(git, folder);
    } finally {
      mine.resolve();
    }
  }

  async #createFolder(): Promise<string> {
    const { folder } = this.#options;
    if (folder === undefined) return mkdtemp(join(tmpdir(), "tutti-git-"));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  async #place({ secret }: GitCall): Promise<Place> {
    const { name, url: reference, privateKey } = this.#options;
    const text = await secret(reference);
    try {
      const url = new URL(text);
      if (!schemes.test(url.protocol)) throw new Error("another scheme");
      const password = decodeURIComponent(url.password);
      url.password = "";
      return {
        url: url.href,
        password,
        privateKey: privateKey === undefined ? "" : await secret(privateKey),
      };
    } catch {
      // The cause would quote the URL, which has the password.
      throw adapterErrors.invalid({
        adapter: name,
        problem: `${reference} has no URL such as https://user:token@host/team/shop.git`,
      });
    }
  }

  async #gitOf(folder: string, { password, privateKey }: Place, call: GitCall): Promise<Git> {
    const askPassPath = join(folder, "tutti-askpass");
    const key = join(folder, "tutti-key");
    await writeFile(askPassPath, '#!/bin/sh\nprintf "%s\\n" "$TUTTI_GIT_PASSWORD"\n', { mode: 0o700 });
    const ssh = ["ssh", "-oBatchMode=yes"];
    if (privateKey !== "") {
      await writeFile(key, `${privateKey.trimEnd()}\n`, { mode: 0o600 });
      await chmod(key, 0o600);
      ssh.push("-i", `'${key}'`, "-oIdentitiesOnly=yes");
    }
    if (this.#options.knownHosts !== undefined) {
      const hosts = join(folder, "tutti-hosts");
      await writeFile(hosts, this.#options.knownHosts);
      ssh.push(`-oUserKnownHostsFile='${hosts}'`, "-oStrictHostKeyChecking=yes");
    }
    const settings = {
      "core.hooksPath": "/dev/null",
      "credential.helper": "",
      "gc.auto": "0",
      "protocol.allow": "never",
      "protocol.https.allow": "always",
      "protocol.http.allow": "always",
      "protocol.ssh.allow": "always",
      "protocol.file.allow": "always",
    };
    const env = {
      PATH: process.env["PATH"] ?? "",
      ...(process.env["HOME"] !== undefined && { HOME: process.env["HOME"] }),
      ...(process.env["SSH_AUTH_SOCK"] !== undefined && { SSH_AUTH_SOCK: process.env["SSH_AUTH_SOCK"] }),
      LC_ALL: "C",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_TERMINAL_PROMPT: "0",
      GIT_ASKPASS: askPassPath,
      TUTTI_GIT_PASSWORD: password,
      GIT_SSH_COMMAND: ssh.join(" "),
      GIT_CONFIG_COUNT: String(Object.keys(settings).length),
      ...Object.fromEntries(
        Object.entries(settings).flatMap(([name, value], index) => [
          [`GIT_CONFIG_KEY_${index}`, name],
          [`GIT_CONFIG_VALUE_${index}`, value],
        ]),
      ),
    };
    return (args, more = {}) =>
      run(args, { ...more, folder, env: { ...env, ...more.env }, signal: call.signal }).catch(
        (error: unknown) => {
          if (call.signal.aborted) throw call.signal.reason;
          if (error instanceof GitFailure)
            error.message = withoutSecrets(error.message, [password, privateKey]);
          throw error;
        },
      );
  }
}

function run(
  args: readonly string[],
  options: GitMore & {
    readonly folder: string;
    readonly env: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  },
): Promise<Buffer> {
  const { folder, env, signal, input, codes = [0], bytesMax = outputBytesMax } = options;
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, { cwd: folder, env, signal, killSignal: "SIGKILL" });
    const pieces: Buffer[] = [];
    let [bytes, output] = [0, ""];
    child.stdout.on("data", (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > bytesMax) child.kill("SIGKILL");
      else pieces.push(piece);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output = `${output}${text}`.slice(-outputLengthMax);
    });
    child.stdin.on("error", () => {});
    child.on("error", (error) =>
      reject(
        (error as NodeJS.ErrnoException).code === "ENOENT"
          ? adapterErrors.invalid({ adapter: "git", problem: "the program `git` is not installed" })
          : error,
      ),
    );
    child.on("close", (code) => {
      if (bytes > bytesMax) reject(new GitFailure(`more than ${bytesMax} bytes`));
      else if (code !== null && codes.includes(code)) resolve(Buffer.concat(pieces));
      else reject(new GitFailure(output.trim() || `git ended with ${code}`));
    });
    child.stdin.end(input);
  });
}
