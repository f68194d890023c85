/**
 * Files, commits and tags of a git repository as operations, by the program `git`.
 *
 * 1. A commit takes effect once for each task. Its message has the idempotency key, so a second attempt finds the commit
 *    in the branch.
 * 2. If the branch moved meanwhile, the commit is created again on top of it. No push is forced.
 * 3. Each call reads the remote repository, never only the copy.
 */
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type OptionNames, requireKnown } from "../../options.ts";
import type { JsonSchema } from "../../task/handlers.ts";
import {
  type Adapter,
  type AdapterCall,
  type AdapterOperation,
  type RateLimit,
  rateNames,
} from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import { commitsOf, fetched, type GitCommit, refOf, resolved, translated } from "./commits.ts";
import {
  connectionOptionNames,
  type Git,
  type GitCall,
  type GitConnectionOptions,
  GitFailure,
  Repository,
} from "./repository.ts";

export interface GitAdapterOptions extends GitConnectionOptions {
  /** Default: `main`. */
  readonly branch?: string;
  /** Author of commits. Default: `Tutti <tutti@localhost>`. */
  readonly author?: { readonly name: string; readonly email: string };
  readonly rate?: RateLimit;
  /** A larger file fails the task. Default: 1,048,576. */
  readonly bytesMax?: number;
}

const defaults = { branch: "main", author: { name: "Tutti", email: "tutti@localhost" }, bytesMax: 1_048_576 };
/** Number of commits in which a second attempt searches for its commit. */
const searchDepthMax = 1_000;
const filesMax = 10_000;
const commitsMax = 1_000;
const commitsUsual = 20;
const pushesMax = 5;

const text: JsonSchema = { type: "string" };
const path: JsonSchema = { type: "string", minLength: 1, maxLength: 1_024 };
const ref: JsonSchema = { type: "string", minLength: 1, maxLength: 255 };

type Input = Readonly<Record<string, unknown>>;

interface Work {
  readonly git: Git;
  readonly input: Input;
  readonly call: GitCall;
  readonly key: string;
  readonly folder: string;
  readonly options: GitAdapterOptions;
}

interface Operation extends Omit<AdapterOperation, "call"> {
  work(context: Work): Promise<unknown>;
}

const optionNames: OptionNames<GitAdapterOptions> = {
  ...connectionOptionNames,
  branch: true,
  author: { name: true, email: true },
  rate: rateNames,
  bytesMax: true,
};

export function gitAdapter(options: GitAdapterOptions): Adapter {
  requireKnown("gitAdapter", options, optionNames);
  const repository = new Repository(options);
  const { name, rate } = options;
  const callOf = (operation: string, call: AdapterCall): GitCall => ({
    operation,
    signal: call.signal,
    secret: (reference) => call.secret(reference),
    ...(call.remainingMs !== undefined && { remainingMs: call.remainingMs }),
  });
  return {
    name,
    kind: "git",
    operations: Object.fromEntries(
      Object.entries(operations).map(([key, { work, ...operation }]): [string, AdapterOperation] => [
        key,
        {
          ...operation,
          call: (input, call) => {
            const own = callOf(`${name}.${key}`, call);
            const context = { input, call: own, key: call.idempotencyKey, options };
            return translated(own, () =>
              repository.use(own, (git, folder) => work({ ...context, git, folder })),
            );
          },
        },
      ]),
    ),
    ...(rate !== undefined && { rate }),
    check: async (call) => {
      const own = callOf(name, call);
      await translated(own, () =>
        repository.use(own, (git) => git(["ls-remote", "--quiet", "origin", "HEAD"])),
      );
    },
    close: () => repository.close(),
  };
}

const operations: Readonly<Record<string, Operation>> = {
  read: {
    description: "Returns a file of a branch, tag or commit.",
    repeat: "safe",
    input: {
      type: "object",
      required: ["path"],
      properties: { path, ref, as: { enum: ["text", "base64"] } },
    },
    work: read,
  },
  list: {
    description: "Lists the paths of a branch, tag or commit.",
    repeat: "safe",
    input: { type: "object", properties: { folder: text, ref } },
    output: { type: "array", items: text },
    work: list,
  },
  log: {
    description: "Lists commits, the latest first.",
    repeat: "safe",
    input: { type: "object", properties: { ref, max: { type: "integer", minimum: 1, maximum: commitsMax } } },
    work: log,
  },
  commit: {
    description: "Writes files to a branch as one commit. Deletes files whose content is null.",
    repeat: "key",
    input: {
      type: "object",
      required: ["message", "files"],
      properties: {
        message: { type: "string", minLength: 1, maxLength: 10_000 },
        branch: ref,
        files: { type: "object", minProperties: 1, additionalProperties: { type: ["string", "null"] } },
      },
    },
    work: commit,
  },
  tag: {
    description: "Sets a tag. Fails if the tag is at another commit.",
    repeat: "safe",
    input: { type: "object", required: ["tag"], properties: { tag: ref, ref } },
    work: tag,
  },
};

/** Returns the commit that the input names. */
function namedCommit({ git, input, call, options }: Work): Promise<string> {
  return resolved(git, call, String(input["ref"] ?? options.branch ?? defaults.branch));
}

async function read(work: Work): Promise<unknown> {
  const { git, input, call, options } = work;
  const { bytesMax = defaults.bytesMax } = options;
  const { operation } = call;
  const id = await namedCommit(work);
  const file = `${id}:${pathOf(call, input["path"])}`;
  const missing = (error: unknown): never => {
    if (!(error instanceof GitFailure) || !/does not exist|Not a valid object|bad file/i.test(error.message))
      throw error;
    throw adapterErrors.refused({ operation, reason: `there is no file \`${String(input["path"])}\`` });
  };
  const size = Number(await git(["cat-file", "-s", file]).catch(missing));
  if (size > bytesMax)
    throw adapterErrors.answerUnreadable({ operation, reason: `the file has more than ${bytesMax} bytes` });
  const bytes = await git(["cat-file", "blob", file]).catch(missing);
  const about = { path: input["path"], size, commit: id };
  if (input["as"] === "base64") return { ...about, base64: bytes.toString("base64") };
  try {
    return { ...about, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    throw adapterErrors.answerUnreadable({ operation, reason: "it is no UTF-8. Read it as base64" });
  }
}

async function list(work: Work): Promise<readonly string[]> {
  const { git, input, call } = work;
  const folder = String(input["folder"] ?? "");
  const id = await namedCommit(work);
  const within = folder === "" ? [] : ["--", `${pathOf(call, folder)}/`];
  const paths = (await git(["ls-tree", "-r", "-z", "--name-only", id, ...within]))
    .toString("utf8")
    .split("\0");
  if (paths.length > filesMax)
    throw adapterErrors.answerUnreadable({
      operation: call.operation,
      reason: `there are more than ${filesMax} files`,
    });
  return paths.filter((each) => each !== "");
}

async function log(work: Work): Promise<readonly GitCommit[]> {
  const max = work.input["max"] ?? commitsUsual;
  return commitsOf(work.git, [`--max-count=${String(max)}`, await namedCommit(work)]);
}

async function tag(work: Work): Promise<unknown> {
  const { git, input, call } = work;
  const [name, id] = [refOf(call, String(input["tag"])), await namedCommit(work)];
  const known = await fetched(git, `refs/tags/${name}`);
  if (known === undefined) await git(["push", "--quiet", "origin", `${id}:refs/tags/${name}`]);
  else if (known !== id)
    throw adapterErrors.refused({ operation: call.operation, reason: `the tag \`${name}\` is at ${known}` });
  return { tag: name, commit: id };
}

async function commit(work: Work): Promise<unknown> {
  const { git, input, call, key, options } = work;
  const branch = refOf(call, String(input["branch"] ?? options.branch ?? defaults.branch));
  const own = createHash("sha256").update(`${call.operation}\n${key}`).digest("hex");
  const index = join(work.folder, `tutti-index-${own.slice(0, 16)}`);
  try {
    for (let push = 1; ; push++) {
      const head = await fetched(git, `refs/heads/${branch}`);
      const existing = head === undefined ? undefined : await findEarlierCommit(git, head, own);
      if (existing !== undefined) return { branch, commit: existing };
      const id = await newCommit(work, head, own, index);
      if (id === head) return { branch, commit: id };
      try {
        await git(["push", "--quiet", "origin", `${id}:refs/heads/${branch}`]);
        return { branch, commit: id };
      } catch (error) {
        const hasMoved =
          error instanceof GitFailure &&
          /fetch first|non-fast-forward|cannot lock ref|stale info/i.test(error.message);
        if (!hasMoved || push === pushesMax) throw error;
      }
    }
  } finally {
    await rm(index, { force: true });
  }
}

/** Returns the commit of an earlier attempt. */
async function findEarlierCommit(git: Git, head: string, own: string): Promise<string | undefined> {
  const format = "--format=%H %(trailers:key=Tutti-Key,valueonly,separator=%x2C)";
  const lines = (await git(["log", `--max-count=${searchDepthMax}`, format, head]))
    .toString("utf8")
    .split("\n");
  return lines.find((line) => line.includes(own))?.split(" ", 1)[0];
}

/** Creates a commit in the copy. Returns the head if it already has the files. */
async function newCommit(
  { git, input, call, options }: Work,
  head: string | undefined,
  own: string,
  index: string,
): Promise<string> {
  const env = { GIT_INDEX_FILE: index };
  await git(["read-tree", ...(head === undefined ? ["--empty"] : [head])], { env });
  const entries: string[] = [];
  for (const [name, content] of Object.entries(input["files"] as Readonly<Record<string, string | null>>)) {
    const file = pathOf(call, name);
    if (content === null) {
      entries.push(`0 ${"0".repeat(40)}\t${file}`);
      continue;
    }
    const known = head === undefined ? "" : (await git(["ls-tree", "-z", head, "--", file])).toString("utf8");
    const mode = known.startsWith("100755") ? "100755" : "100644";
    const blob = await git(["hash-object", "-w", "--stdin"], { input: content });
    entries.push(`${mode} ${blob.toString("utf8").trim()}\t${file}`);
  }
  await git(["update-index", "-z", "--index-info"], { env, input: `${entries.join("\0")}\0` });
  const tree = (await git(["write-tree"], { env })).toString("utf8").trim();
  if (head !== undefined) {
    const before = (await git(["rev-parse", `${head}^{tree}`])).toString("utf8").trim();
    if (before === tree) return head;
  }
  const { name, email } = options.author ?? defaults.author;
  const authorEnv = {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
  const message = `${String(input["message"]).trim()}\n\nTutti-Key: ${own}\n`;
  const above = head === undefined ? [] : ["-p", head];
  const id = await git(["commit-tree", tree, ...above, "-F", "-"], { input: message, env: authorEnv });
  return id.toString("utf8").trim();
}

function pathOf({ operation }: GitCall, value: unknown): string {
  const name = String(value);
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  const isWrong = name.startsWith("/") || parts.length === 0 || parts.includes("..") || /[\0\t\n]/.test(name);
  if (!isWrong && !parts.some((part) => part.toLowerCase() === ".git")) return parts.join("/");
  throw adapterErrors.inputInvalid({ operation, reason: `\`${name}\` is no path of a file` });
}
