/**
 * A git work tree for one task, so that agents do not disturb each other or people in the same repository.
 *
 * 1. Its path is derived from repository, work and task. An attempt finds the tree of an earlier attempt whose worker
 *    was killed.
 * 2. A file next to the tree names the process that uses it. Trees of ended processes are removed after a while.
 * 3. Branches of the repository are moved only with `git update-ref` against the value that was read before.
 */
import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "@tutti/kernel";
import { variablesOf } from "../shell/command.ts";
import { isAlive } from "../shell/scratch.ts";
import { codingErrors } from "./errors.ts";

const run = promisify(execFile);
const outputBytesMax = 64 * 1024 * 1024;
const orphanMs = 3_600_000;
const listTries = 3;
const messageLengthMax = 500;
/** Author of automatic commits. */
const author = { name: "Tutti", email: "tutti@localhost" };

export interface ChangedFile {
  readonly path: string;
  readonly added: number;
  readonly removed: number;
}

/** Runs git in a folder and returns what it prints. */
export async function git(folder: string, ...args: readonly string[]): Promise<string> {
  const env = {
    ...variablesOf(),
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
  };
  const { stdout } = await run("git", ["-C", folder, ...args], { env, maxBuffer: outputBytesMax });
  return stdout;
}

/** Serializes work per key, such as a repository. Git's list of work trees allows one change at a time. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const done = (this.#last.get(key) ?? Promise.resolve()).then(work);
    const over = done
      .catch(() => {})
      .finally(() => {
        if (this.#last.get(key) === over) this.#last.delete(key);
      });
    this.#last.set(key, over);
    return done;
  }
}

const listTurns = new Turns();

/** Changes git's list of work trees. Retries because another process may change the list at the same moment. */
async function changeList(repository: string, ...args: readonly string[]): Promise<void> {
  await listTurns.run(repository, async () => {
    for (let remaining = listTries - 1; ; remaining--)
      try {
        await git(repository, "worktree", ...args);
        return;
      } catch (error) {
        if (remaining === 0) throw error;
      }
  });
}

/** Returns the reason that git gives for a failure. */
export function gitReason(error: unknown): string {
  const { stderr = "", message = String(error) } = error as { readonly stderr?: string; message?: string };
  return (stderr || message).trim().slice(0, messageLengthMax);
}

interface Place {
  /** The folder of the task, a repository. */
  readonly repository: string;
  /** A branch or a commit. The tree of an earlier attempt keeps the commit of that time. */
  readonly base: string;
  /** Folder of the trees. */
  readonly trees: string;
  /** Unique for the task. */
  readonly name: string;
}

export class WorkTree {
  readonly folder: string;
  readonly repository: string;
  /** The commit that the tree started from. */
  readonly base: string;
  /** True if an earlier attempt left the tree. */
  readonly isFound: boolean;

  private constructor(folder: string, repository: string, base: string, isFound: boolean) {
    this.folder = folder;
    this.repository = repository;
    this.base = base;
    this.isFound = isFound;
  }

  static async open({ repository, base, trees, name }: Place): Promise<WorkTree> {
    let commit: string;
    try {
      commit = (await git(repository, "rev-parse", "--verify", `${base}^{commit}`)).trim();
    } catch (error) {
      throw codingErrors.noRepository({ repository, reason: gitReason(error) });
    }
    await mkdir(trees, { recursive: true, mode: 0o700 });
    await removeOrphans(trees);
    const mark = createHash("sha256").update(`${repository}\0${name}`).digest("hex").slice(0, 12);
    const folder = join(trees, `${basename(repository)}-${mark}`);
    const mine = { pid: process.pid, repository, ref: base, base: commit };
    if (await isClaimed(folder, mine)) return WorkTree.#create(folder, mine);
    const owner = await ownerOf(folder);
    // A concurrent second attempt, such as a duplicate, gets its own tree.
    if (owner !== undefined && isAlive(owner.pid)) {
      const other = `${folder}-${randomUUID()}`;
      await claim(other, mine);
      return WorkTree.#create(other, mine);
    }
    if (owner?.ref === base && (await isTree(folder))) {
      await claim(folder, { ...owner, pid: process.pid });
      return new WorkTree(folder, repository, owner.base, true);
    }
    await removeTree(folder, repository);
    await claim(folder, mine);
    return WorkTree.#create(folder, mine);
  }

  static async #create(folder: string, owner: Owner): Promise<WorkTree> {
    const { repository, base } = owner;
    // A killed attempt may have left files.
    await rm(folder, { recursive: true, force: true });
    try {
      await changeList(repository, "add", "--detach", "--force", "--quiet", folder, base);
    } catch (error) {
      await removeTree(folder, repository);
      throw codingErrors.noRepository({ repository, reason: gitReason(error) });
    }
    return new WorkTree(folder, repository, base, false);
  }

  /** Returns all changes since the base, committed or not. */
  async change(): Promise<{ readonly diff: string; readonly files: readonly ChangedFile[] }> {
    await git(this.folder, "add", "--all");
    const diff = await git(this.folder, "diff", "--cached", "--no-color", "--no-ext-diff", this.base);
    const counted = await git(this.folder, "diff", "--cached", "--numstat", "-z", "--no-renames", this.base);
    return { diff, files: counted.split("\0").flatMap(changedFile) };
  }

  /** Commits the changes, and points a branch of the repository to the commit. Returns the commit. */
  async commit(branch: string, message: string): Promise<string> {
    const tree = (await git(this.folder, "write-tree")).trim();
    const commit = (await git(this.folder, "commit-tree", tree, "-p", this.base, "-m", message)).trim();
    await git(this.repository, "update-ref", `refs/heads/${branch}`, commit);
    return commit;
  }

  remove(): Promise<void> {
    return removeTree(this.folder, this.repository);
  }
}

function changedFile(line: string): readonly ChangedFile[] {
  const [added = "", removed = "", path = ""] = line.split("\t");
  // git counts no lines of binary files.
  return path === "" ? [] : [{ path, added: Number(added) || 0, removed: Number(removed) || 0 }];
}

interface Owner {
  readonly pid: number;
  readonly repository: string;
  /** The base as the task named it. */
  readonly ref: string;
  /** The commit. */
  readonly base: string;
}

function ownerFile(folder: string): string {
  return `${folder}.owner`;
}

function claim(folder: string, owner: Owner): Promise<void> {
  return writeFile(ownerFile(folder), JSON.stringify(owner), { mode: 0o600 });
}

/** Claims the folder. Returns true if it was free. */
async function isClaimed(folder: string, owner: Owner): Promise<boolean> {
  try {
    await writeFile(ownerFile(folder), JSON.stringify(owner), { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function ownerOf(folder: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(ownerFile(folder), "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

async function isTree(folder: string): Promise<boolean> {
  return stat(join(folder, ".git")).then(
    () => true,
    () => false,
  );
}

async function removeTree(folder: string, repository: string): Promise<void> {
  // The tree may be missing from the list.
  await changeList(repository, "remove", "--force", "--force", folder).catch(() => {});
  await rm(folder, { recursive: true, force: true });
  await rm(ownerFile(folder), { force: true });
}

/** Removes old trees. Each attempt touches the owner's file, so its age is the age of the last attempt. */
async function removeOrphans(trees: string): Promise<void> {
  for (const file of await readdir(trees)) {
    if (!file.endsWith(".owner")) continue;
    const folder = join(trees, file.slice(0, -".owner".length));
    const [owner, { mtimeMs }] = await Promise.all([
      ownerOf(folder),
      stat(ownerFile(folder)).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY })),
    ]);
    if (owner === undefined || isAlive(owner.pid) || systemClock.now() - mtimeMs < orphanMs) continue;
    await removeTree(folder, owner.repository);
  }
}
