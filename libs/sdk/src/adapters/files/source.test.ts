import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defineErrors } from "@tutti/kernel";
import type { SourceRunOptions } from "@tutti/sdk/adapters";
import type { FileEntry, FilePlace } from "./place.ts";
import { filesSourceOf } from "./source.ts";

const crashes = defineErrors("filescrash", {
  killed: {
    ...{ status: "ABORTED", retry: "never", help: "The process of this test is killed." },
    ...{ message: () => "killed", remedy: "" },
  },
});

/** Files in memory. `before` is called before each step, and `after` after it. */
function memory(files: Map<string, string>, before: () => void, after: () => void): FilePlace {
  const entryOf = (path: string): FileEntry | undefined => {
    const content = files.get(path);
    return content === undefined
      ? undefined
      : { path, size: content.length, modified: "2026-01-01T00:00:00.000Z" };
  };
  const step = async <T>(work: () => T): Promise<T> => {
    before();
    const result = work();
    after();
    return result;
  };
  return {
    list: (folder) =>
      step(() =>
        [...files.keys()]
          .filter((path) => path.startsWith(`${folder}/`))
          .flatMap((path) => entryOf(path) ?? []),
      ),
    info: (path) => step(() => entryOf(path)),
    read: (path) =>
      step(() => {
        const content = files.get(path);
        return content === undefined ? undefined : Buffer.from(content);
      }),
    write: (path, bytes) => step(() => void files.set(path, Buffer.from(bytes).toString("utf8"))),
    remove: (path) => step(() => files.delete(path)),
    move: (from, to) =>
      step(() => {
        const content = files.get(from);
        if (content === undefined) return false;
        files.delete(from);
        files.set(to, content);
        return true;
      }),
    check: async () => {},
    close: () => {},
  };
}

describe("a source of files", () => {
  it("starts one run for each file, for a crash before or after any step", async () => {
    for (const phase of ["before", "after"] as const)
      for (let crashAt = 1, isOver = false; !isOver; crashAt++) {
        const files = new Map([
          ["inbox/one", "1"],
          ["inbox/two", "22"],
          ["inbox/bad", "bad"],
        ]);
        const starts = new Map<string, string>();
        let [steps, hasCrashed] = [0, false];
        const stop = new AbortController();
        const end = () => {
          if (![...files.keys()].some((path) => path.startsWith("inbox/") || path.includes("/.starting/")))
            stop.abort();
        };
        const crash = () => {
          if (hasCrashed || ++steps !== crashAt) return;
          hasCrashed = true;
          throw crashes.killed();
        };
        const tutti = {
          run: async (_workflow: string, { id, input }: { id: string; input: { path: string } }) => {
            assert.ok(files.has(input.path), "a run finds its file");
            assert.equal(starts.get(id) ?? input.path, input.path);
            starts.set(id, input.path);
          },
        } as unknown as SourceRunOptions["tutti"];
        const process = () =>
          filesSourceOf(
            "memory",
            {
              ...{ name: "drop", pollMs: 1 },
              start: ({ path, name }) => {
                if (name === "bad") throw new Error("no order");
                return { workflow: "order", input: { path } };
              },
            },
            memory(files, phase === "before" ? crash : () => {}, () => {
              if (phase === "after") crash();
              end();
            }),
          ).run({ tutti, signal: stop.signal });
        await process().catch((error: unknown) =>
          assert.equal((error as { code?: string }).code, "filescrash.killed"),
        );
        isOver = !hasCrashed;
        if (hasCrashed) await process();
        assert.deepEqual(
          [...starts.values()].map((path) => files.get(path)).sort(),
          ["1", "22"],
          `${phase} ${crashAt}`,
        );
        const failed = [...files.keys()].filter(
          (path) => path.startsWith("failed/") && path.endsWith("-bad"),
        );
        assert.equal(failed.length, 1, `${phase} ${crashAt}`);
      }
  });

  it("starts a run for a file only after two polls without a change", async () => {
    const files = new Map([["inbox/growing", "a"]]);
    const stop = new AbortController();
    let polls = 0;
    const sizes: number[] = [];
    const place = memory(
      files,
      () => {},
      () => {},
    );
    const growing: FilePlace = {
      ...place,
      list: async (folder, max, call) => {
        if (folder === "inbox" && ++polls < 4) files.set("inbox/growing", "a".repeat(polls));
        return place.list(folder, max, call);
      },
    };
    const source = filesSourceOf(
      "memory",
      {
        name: "drop",
        pollMs: 1,
        start: ({ size }) => ({ workflow: "order", input: { size: sizes.push(size) } }),
      },
      growing,
    );
    const start = async () => stop.abort();
    await source.run({ tutti: { run: start } as unknown as SourceRunOptions["tutti"], signal: stop.signal });
    assert.deepEqual([sizes, polls], [[3], 4]);
  });
});
