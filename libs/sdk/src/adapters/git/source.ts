/**
 * A source that starts runs of commits of a branch.
 *
 * 1. The id of a run is derived from the id of its commit.
 * 2. A ref of the remote repository marks the last commit whose run has started. So a source keeps no local state.
 * 3. Without the mark, the source starts with commits after its first look.
 */
import { type Logger, silentLogger, sleep, systemTimers } from "@tutti/kernel";
import { type OptionNames, requireKnown } from "../../options.ts";
import type { AdapterCall } from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import {
  type Caller,
  type Source,
  type SourceRunOptions,
  type SourceStart,
  sourceOf,
  startedBy,
} from "../source.ts";
import { commitsOf, fetched, type GitCommit, refOf, translated } from "./commits.ts";
import {
  connectionOptionNames,
  type Git,
  type GitCall,
  type GitConnectionOptions,
  Repository,
} from "./repository.ts";

export interface GitSourceOptions extends GitConnectionOptions {
  /** Default: `main`. */
  readonly branch?: string;
  readonly start: (commit: GitCommit) => SourceStart;
  /** How often to look for commits. Default: 30,000. */
  readonly pollMs?: number;
}

const defaults = { branch: "main", pollMs: 30_000 };
/** Number of commits between two moves of the mark. */
const batch = 50;

const optionNames: OptionNames<GitSourceOptions> = {
  ...connectionOptionNames,
  branch: true,
  start: true,
  pollMs: true,
};

/** Returns a source that starts runs of commits. As an adapter it has the operation `status`. */
export function gitSource(options: GitSourceOptions): Source {
  requireKnown("gitSource", options, optionNames);
  const { name, branch = defaults.branch, pollMs = defaults.pollMs } = options;
  const repository = new Repository(options);
  const inCopy = <T>(caller: Caller, work: (git: Git, call: GitCall) => Promise<T>): Promise<T> => {
    const call: GitCall = {
      operation: name,
      signal: caller.signal,
      secret: (reference) => caller.secret(reference),
      ...(caller.remainingMs !== undefined && { remainingMs: caller.remainingMs }),
    };
    return translated(call, () => repository.use(call, (git) => work(git, call)));
  };
  const status = async (call: AdapterCall) => ({
    waiting: await inCopy(call, async (git, own) => (await newCommits(git, own, options)).commits.length),
  });
  return sourceOf({
    name,
    kind: "git-source",
    description: "Counts waiting commits.",
    status,
    check: (call) =>
      inCopy(call, async (git, own) => {
        if ((await fetched(git, `refs/heads/${refOf(own, branch)}`)) === undefined)
          throw adapterErrors.refused({ operation: name, reason: `there is no branch \`${branch}\`` });
      }),
    close: () => repository.close(),
    sessions: (runOptions) => async (caller, well) => {
      while (!caller.signal.aborted) {
        const isDone = await inCopy(caller, (git, call) => startNew(git, call, options, runOptions));
        well();
        if (isDone) await sleep(systemTimers, pollMs, caller.signal).catch(() => {});
      }
    },
  });
}

async function newCommits(git: Git, call: GitCall, { name, branch = defaults.branch }: GitSourceOptions) {
  const mark = `refs/tutti/${name}/${refOf(call, branch)}`;
  const [head, last] = [await fetched(git, `refs/heads/${branch}`), await fetched(git, mark)];
  const commits =
    head === undefined || last === undefined || head === last
      ? []
      : (await commitsOf(git, ["--topo-order", "--reverse", `${last}..${head}`])).slice(0, batch);
  return { mark, head, last, commits };
}

/** Starts runs of new commits. Returns true if no commit is pending. */
async function startNew(
  git: Git,
  call: GitCall,
  options: GitSourceOptions,
  { tutti, logger = silentLogger }: SourceRunOptions & { readonly logger?: Logger },
): Promise<boolean> {
  const { name, start } = options;
  const { mark, head, last, commits } = await newCommits(git, call, options);
  for (const commit of commits) {
    const reason = await startedBy(tutti, `${name}-${commit.id}`, () => start(commit));
    if (reason !== undefined)
      logger.warn("a commit cannot start a run", { source: name, commit: commit.id, reason });
  }
  // If a branch was replaced, its head can change without a new commit.
  const next = commits.at(-1)?.id ?? head;
  if (next !== undefined && next !== last)
    await git(["push", "--quiet", "--force", "origin", `${next}:${mark}`]);
  return commits.length < batch;
}
