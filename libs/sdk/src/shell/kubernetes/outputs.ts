/**
 * Reads the files that a task of a cluster wrote below `outputs`. A second container of its pod starts when the first has
 * ended with 0, and writes the files to its own log.
 *
 * 1. A file is accepted if its hash is right. The files are accepted if their number is right. So a truncated log gives
 *    no wrong file.
 * 2. The limit of the files is below the size at which nodes rotate logs: 10 MiB by default.
 */
import { createHash } from "node:crypto";
import { sleep, systemTimers } from "@tutti/kernel";
import type { TaskContext } from "../../task/context.ts";
import type { StoredFile } from "../../task/stored-file.ts";
import { shellErrors } from "../errors.ts";
import { isBelow } from "../files.ts";
import { type ClusterApi, linesOf } from "./api.ts";

export const outputsContainer = "outputs";
/** The encoding in the log adds a third. */
const bytesMax = 4 * 1_048_576;
const readsMax = 3;
const retryMs = 500;

/** Its arguments are the folder and the maximum bytes. Names and contents are encoded, so no name looks like a line. */
const script = `cd "$1" || exit 1
bytes=$(find . -type f -exec cat {} + | wc -c)
if [ "$bytes" -gt "$2" ]; then echo "large" $bytes; exit 0; fi
find . -type f -exec sh -c 'for file do
  name=$(printf %s "$file" | base64 | tr -d "\\n")
  hash=$(sha256sum < "$file") || exit 1
  echo "file $name \${hash%% *}"
  base64 < "$file" | tr -d "\\n" | fold -w 4096
  echo
done' sh {} + || exit 1
echo "end" $(find . -type f -exec echo x \\; | wc -l)`;

export function outputsCommand(folder: string): readonly string[] {
  return ["/bin/sh", "-c", script, "sh", folder, String(bytesMax)];
}

/** @param log path of the log of the pod */
export async function readOutputs(
  api: ClusterApi,
  log: string,
  task: TaskContext,
): Promise<Readonly<Record<string, StoredFile>>> {
  const path = `${log}?container=${outputsContainer}`;
  for (let read = 1; ; read++) {
    try {
      const files = await filesIn(linesOf(await api.open("GET", path, task.signal)));
      const stored: Record<string, StoredFile> = {};
      for (const [name, bytes] of [...files].toSorted(([one], [other]) => (one < other ? -1 : 1)))
        stored[name] = await task.store(bytes);
      return stored;
    } catch (error) {
      if (read === readsMax || shellErrors.outputsTooLarge.is(error)) throw error;
      await sleep(systemTimers, retryMs, task.signal);
    }
  }
}

async function filesIn(lines: AsyncIterable<string>): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  let current: { readonly name: string; readonly hash: string; content: string } | undefined;
  const close = () => {
    if (current === undefined) return;
    const bytes = Buffer.from(current.content, "base64");
    if (createHash("sha256").update(bytes).digest("hex") !== current.hash)
      throw shellErrors.outputsUnread({ reason: `\`${current.name}\` has different content` });
    files.set(current.name, bytes);
    current = undefined;
  };
  for await (const line of lines) {
    const [keyword = "", first = "", hash = ""] = line.trimEnd().split(" ");
    if (first === "") {
      if (current !== undefined) current.content += keyword;
    } else if (keyword === "large") throw shellErrors.outputsTooLarge({ bytes: first, bytesMax });
    else if (keyword === "file") {
      close();
      const name = Buffer.from(first, "base64").toString().replace(/^\.\//, "");
      if (!isBelow(name)) throw shellErrors.outputsUnread({ reason: `\`${name}\` is no path below it` });
      current = { name, hash, content: "" };
    } else if (keyword === "end") {
      close();
      if (files.size === Number(first)) return files;
    }
  }
  throw shellErrors.outputsUnread({ reason: `the log ended after ${files.size} files` });
}
