/** Refs and commits of a remote repository, and how its commands fail. */
import { isTuttiError } from "@tutti/kernel";
import { adapterErrors } from "../errors.ts";
import { type Git, type GitCall, GitFailure } from "./repository.ts";

export interface GitCommit {
  readonly id: string;
  readonly author: string;
  /** ISO 8601. */
  readonly time: string;
  readonly subject: string;
}

const idForm = /^[0-9a-f]{40}$/;

/** Returns a ref after a check that it is neither an option nor an expression of git. */
export function refOf({ operation }: GitCall, name: string): string {
  const isWrong = !/^[\w][\w./-]*$/.test(name) || /\.\.|\/\/|\.lock(\/|$)|[./]$|\/\./.test(name);
  if (isWrong)
    throw adapterErrors.inputInvalid({ operation, reason: `\`${name}\` is no branch, tag or commit` });
  return name;
}

/** Fetches a ref of the remote repository. Returns undefined if it does not exist. */
export async function fetched(git: Git, ref: string): Promise<string | undefined> {
  const own = `refs/tutti-copy/${ref}`;
  try {
    await git(["fetch", "--quiet", "--no-tags", "origin", `+${ref}:${own}`]);
  } catch (error) {
    if (error instanceof GitFailure && /couldn't find remote ref/i.test(error.message)) return undefined;
    throw error;
  }
  return (await git(["rev-parse", `${own}^{commit}`])).toString("utf8").trim();
}

/** Returns the commit of a branch, a tag or an id. */
export async function resolved(git: Git, call: GitCall, name: string): Promise<string> {
  const ref = refOf(call, name);
  if (idForm.test(ref)) {
    const isHere = () =>
      git(["cat-file", "-e", `${ref}^{commit}`]).then(
        () => true,
        () => false,
      );
    if (await isHere()) return ref;
    await git(["fetch", "--quiet", "origin", "+refs/heads/*:refs/tutti-copy/refs/heads/*"]);
    if (await isHere()) return ref;
  } else
    for (const kind of ["heads", "tags"]) {
      const id = await fetched(git, `refs/${kind}/${ref}`);
      if (id !== undefined) return id;
    }
  throw adapterErrors.refused({
    operation: call.operation,
    reason: `there is no branch, tag or commit \`${name}\``,
  });
}

/** @param args of `git log` */
export async function commitsOf(git: Git, args: readonly string[]): Promise<readonly GitCommit[]> {
  const lines = (await git(["log", "-z", "--format=%H%x1f%an%x1f%cI%x1f%s", ...args])).toString("utf8");
  return lines
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => {
      const [id = "", author = "", time = "", subject = ""] = line.split("\x1f");
      return { id, author, time, subject };
    });
}

const kinds: readonly (readonly [
  form: RegExp,
  kind: "notSignedIn" | "unreachable" | "refused" | "inputInvalid",
])[] = [
  [/host key verification failed/i, "refused"],
  [
    /authentication failed|permission denied|could not read (username|password)|returned error: (401|403)|invalid (username|credentials)/i,
    "notSignedIn",
  ],
  [
    /pre-receive hook declined|protected branch|remote rejected|already exists|fetch first|non-fast-forward/i,
    "refused",
  ],
  [/invalid path/i, "inputInvalid"],
  [
    /could not resolve host|unable to access|connection|early eof|hung up|could not read from remote|does not appear to be a git repository|repository .*not found/i,
    "unreachable",
  ],
];

/** Converts failures of git to adapter errors. */
export async function translated<T>({ operation, signal }: GitCall, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (isTuttiError(error) || !(error instanceof GitFailure)) throw error;
    const details = { operation, reason: error.message.replace(/\s+/g, " ") };
    const [, kind = "failed" as const] = kinds.find(([form]) => form.test(error.message)) ?? [];
    throw adapterErrors[kind](details);
  }
}
