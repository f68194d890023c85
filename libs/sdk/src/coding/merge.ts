/**
 * A queue of merges into a branch. Changes are merged one after the other, and each is checked after its merge.
 *
 * 1. The branch moves only from the commit that was checked. If another change was faster, the merge starts again.
 * 2. If the branch is checked out, the folder is updated too. That folder must have no changes.
 * 3. If the branch moves, or another git locks it, between the check and the move, the merge starts again.
 */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { requireKnownKeys } from "../shell/errors.ts";
import type { TaskContext } from "../task/context.ts";
import type { HandleOptions, Handler } from "../task/handlers.ts";
import { codingErrors } from "./errors.ts";
import { type CodingFolders, checkOf, foldersOf, repositoryOf, requireCheck, textOf } from "./folders.ts";
import { type ChangedFile, git, gitReason, Turns, WorkTree } from "./tree.ts";

export interface MergeInput {
  /** As the coding agent returned it. */
  readonly branch: string;
  /** The branch that gets the change. */
  readonly into: string;
  readonly repository?: string;
  /** A command that must succeed on the merged files. */
  readonly check?: readonly string[];
  readonly message?: string;
}

export interface MergeOutput {
  readonly commit: string;
  readonly files: readonly ChangedFile[];
}

/** Options of the capability: `worker.handle("code.merge", mergeQueue(), mergeOptions)`. */
export const mergeOptions: HandleOptions = {
  description: "Merges a branch into another branch after its check has succeeded.",
  inputSchema: {
    type: "object",
    properties: {
      branch: { type: "string" },
      into: { type: "string" },
      repository: { type: "string" },
      check: { type: "array", items: { type: "string" }, minItems: 1 },
      message: { type: "string" },
    },
    required: ["branch", "into"],
  },
};

/** Returns a handler that merges, one change at a time for each repository. */
export function mergeQueue(options: CodingFolders = {}): Handler<MergeInput, MergeOutput> {
  const turns = new Turns();
  return async (input, task) => {
    requireKnownKeys(input, mergeOptions, codingErrors.inputInvalid);
    const branch = textOf(input, "branch");
    const into = textOf(input, "into");
    requireCheck(input.check);
    const { folder, trees } = foldersOf(options);
    const repository = await repositoryOf(folder, input.repository);
    const merge = { ...options, ...input, branch, into, repository, trees };
    return turns.run(repository, () => mergedInto(merge, task));
  };
}

interface Merge extends MergeInput, CodingFolders {
  readonly repository: string;
  readonly trees: string;
}

/** Another git holds its lock only briefly. An abandoned lock must not repeat the check forever. */
const triesMax = 20;
/** Each look starts git three times, so all looks take about a second. */
const checksMax = 40;

async function mergedInto(merge: Merge, task: TaskContext): Promise<MergeOutput> {
  const { repository, trees, into } = merge;
  for (let tries = 0; tries < triesMax; tries++) {
    task.signal.throwIfAborted();
    const tree = await WorkTree.open({ repository, base: `refs/heads/${into}`, trees, name: randomUUID() });
    try {
      const done = await mergeOnce(merge, tree, task);
      if (done !== undefined) return done;
    } finally {
      await tree.remove();
    }
  }
  throw codingErrors.targetInUse({ into, folder: repository });
}

/** Merges once. Returns nothing if the branch has moved meanwhile. */
async function mergeOnce(merge: Merge, tree: WorkTree, task: TaskContext): Promise<MergeOutput | undefined> {
  const { branch, into, repository, check, message = `Merge ${branch}` } = merge;
  try {
    await git(tree.folder, "merge", "--no-ff", "--no-edit", "--no-verify", "-m", message, branch);
  } catch (error) {
    const files = (await git(tree.folder, "diff", "--name-only", "--diff-filter=U")).trim();
    if (files === "") throw codingErrors.noRepository({ repository, reason: gitReason(error) });
    throw codingErrors.conflict({ branch, into, files: files.split("\n").join(", ") });
  }
  if (check !== undefined) {
    const failed = await checkOf(check, { ...merge, folder: tree.folder, signal: task.signal }, task);
    if (failed !== undefined)
      throw codingErrors.checkFailed({ check: check.join(" "), repairs: 0, branch, output: failed });
  }
  const commit = (await git(tree.folder, "rev-parse", "HEAD")).trim();
  const { files } = await tree.change();
  return (await isMoved(repository, into, tree.base, commit)) ? { commit, files } : undefined;
}

async function isMoved(repository: string, into: string, from: string, to: string): Promise<boolean> {
  const folder = checkedOut(await git(repository, "worktree", "list", "--porcelain"), into);
  if (folder === undefined)
    return git(repository, "update-ref", `refs/heads/${into}`, to, from).then(
      () => true,
      () => false,
    );
  const isBusy = async () =>
    (await git(folder, "rev-parse", "HEAD")).trim() !== from || existsSync(await indexLockOf(folder));
  // Another merge writes its files, releases the lock, then moves the branch. Until then its files look like changes.
  for (let checks = 1; ; checks++) {
    const changed = await git(folder, "status", "--porcelain", "--untracked-files=no");
    if (await isBusy()) return false;
    if (changed.trim() === "") break;
    if (checks === checksMax) throw codingErrors.targetInUse({ into, folder });
  }
  try {
    await git(folder, "merge", "--ff-only", "--quiet", to);
    return true;
  } catch (error) {
    if (gitReason(error).includes("index.lock") || (await isBusy())) return false;
    throw codingErrors.noRepository({ repository, reason: gitReason(error) });
  }
}

async function indexLockOf(folder: string): Promise<string> {
  return resolve(folder, (await git(folder, "rev-parse", "--git-path", "index.lock")).trim());
}

/** Returns the folder in which a branch is checked out. */
function checkedOut(listed: string, branch: string): string | undefined {
  const entry = listed.split("\n\n").find((tree) => tree.split("\n").includes(`branch refs/heads/${branch}`));
  return entry === undefined ? undefined : /^worktree (.*)$/m.exec(entry)?.[1];
}
