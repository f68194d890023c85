/**
 * A queue of merges into a branch: one change after the other, each with its check on what is merged so far.
 *
 * 1. The branch moves only from the commit that was checked. Who was faster makes the merge start again.
 * 2. A branch that is checked out is moved there, when nothing is changed in that folder.
 * 3. A branch that moves, or is locked by another git, between the check and the move makes the merge start again.
 */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { TaskContext } from "../task/context.ts";
import type { HandleOptions, Handler } from "../task/handlers.ts";
import { codingErrors } from "./errors.ts";
import { type CodingFolders, checkOf, foldersOf, repositoryOf, textOf } from "./folders.ts";
import { type ChangedFile, git, gitReason, Turns, WorkTree } from "./tree.ts";

export interface MergeInput {
  /** As the coding agent returned it. */
  readonly branch: string;
  /** The branch that gets the change. */
  readonly into: string;
  readonly repository?: string;
  /** Must succeed on the merged files. */
  readonly check?: readonly string[];
  readonly message?: string;
}

export interface MergeOutput {
  readonly commit: string;
  readonly files: readonly ChangedFile[];
}

/** What a worker says of it: `worker.handle("code.merge", mergeQueue(), mergeOptions)`. */
export const mergeOptions: HandleOptions = {
  description: "Merges a branch into another one after its check has succeeded.",
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
    const branch = textOf(input, "branch");
    const into = textOf(input, "into");
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

/** Another git holds its lock for moments only. A lock that is left behind must not repeat the check forever. */
const triesMax = 20;
/** A look starts three gits, so all of them take about a second. */
const looksMax = 40;

async function mergedInto(merge: Merge, task: TaskContext): Promise<MergeOutput> {
  const { repository, trees, into } = merge;
  for (let tries = 0; tries < triesMax; tries++) {
    task.signal.throwIfAborted();
    const tree = await WorkTree.open({ repository, base: `refs/heads/${into}`, trees, name: randomUUID() });
    try {
      const done = await mergedOnce(merge, tree, task);
      if (done !== undefined) return done;
    } finally {
      await tree.remove();
    }
  }
  throw codingErrors.targetInUse({ into, folder: repository });
}

/** Returns nothing when the branch has moved meanwhile. */
async function mergedOnce(merge: Merge, tree: WorkTree, task: TaskContext): Promise<MergeOutput | undefined> {
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
  // Another merge writes its files, gives the lock back and moves the branch last: its files look like changes until then.
  for (let looks = 1; ; looks++) {
    const changed = await git(folder, "status", "--porcelain", "--untracked-files=no");
    if (await isBusy()) return false;
    if (changed.trim() === "") break;
    if (looks === looksMax) throw codingErrors.targetInUse({ into, folder });
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

/** The folder in which a branch is checked out. */
function checkedOut(listed: string, branch: string): string | undefined {
  const entry = listed.split("\n\n").find((tree) => tree.split("\n").includes(`branch refs/heads/${branch}`));
  return entry === undefined ? undefined : /^worktree (.*)$/m.exec(entry)?.[1];
}
