import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { until } from "@tutti/kernel/testing";
import { adapterProblems, gitAdapter, gitSource, type SourceRunOptions } from "@tutti/sdk/adapters";
import { failsWith, Task } from "../files/files.fixture.ts";

describe("a git repository", () => {
  const disposable = mkdtempDisposableSync(join(tmpdir(), "tutti-git-test-"));
  const remote = join(disposable.path, "shop.git");
  const secrets = new Map([["env:GIT", pathToFileURL(remote).href]]);
  const secret = (reference: string) => secrets.get(reference) ?? "";
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", remote, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  const adapter = gitAdapter({
    name: "repo",
    url: "env:GIT",
    author: { name: "Ada", email: "ada@example.org" },
  });
  const other = gitAdapter({ name: "repo", url: "env:GIT", folder: join(disposable.path, "copy") });
  const run = (name: string, input: Record<string, unknown>, key = "run/task", from = adapter) =>
    from.operations[name]?.call(input, new Task(secret, key)) as Promise<never>;
  const commit = (
    path: string,
    text: string | null,
    key: string,
    from = adapter,
  ): Promise<{ commit: string }> =>
    run("commit", { message: `Write ${path}`, files: { [path]: text } }, key, from);

  before(() => {
    execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", remote]);
  });
  after(() => {
    for (const each of [adapter, other]) each.close?.();
    disposable[Symbol.dispose]();
  });

  it("commits once for each task, also with attempts at once and from other machines", async () => {
    const first = await commit("a.txt", "a", "run-1/commit");
    const repeated = await Promise.all([
      commit("a.txt", "a", "run-1/commit"),
      commit("a.txt", "a", "run-1/commit", other),
      commit("deep/b.txt", "b", "run-2/commit"),
      commit("c.txt", "c", "run-3/commit", other),
    ]);
    assert.deepEqual([repeated[0], repeated[1]], [first, first]);
    assert.equal(git("rev-list", "--count", "main"), "3");
    assert.deepEqual(await run("list", {}), ["a.txt", "c.txt", "deep/b.txt"]);
    assert.deepEqual(await run("list", { folder: "deep" }), ["deep/b.txt"]);
    const file: { text: string; size: number } = await run("read", { path: "deep/b.txt" });
    assert.deepEqual([file.text, file.size], ["b", 1]);
    const { commit: last } = await commit("a.txt", null, "run-4/commit");
    assert.deepEqual(await run("list", {}), ["c.txt", "deep/b.txt"]);
    // The branch already has the files.
    assert.equal((await commit("c.txt", "c", "run-5/commit")).commit, last);
    assert.deepEqual(await run("read", { path: "a.txt", ref: first.commit, as: "base64" }), {
      ...{ path: "a.txt", size: 1, commit: first.commit, base64: "YQ==" },
    });
    const log: { subject: string; author: string }[] = await run("log", { max: 2 });
    assert.deepEqual([log[0]?.subject, log[0]?.author, log.length], ["Write a.txt", "Ada", 2]);
  });

  it("sets a tag once, and never moves it", async () => {
    for (let attempt = 0; attempt < 2; attempt++) await run("tag", { tag: "v1" });
    await commit("d.txt", "d", "run-6/commit");
    assert.match(await failsWith(run("tag", { tag: "v1" }), "adapter.refused"), /the tag `v1` is at/);
    assert.deepEqual(await run("list", { ref: "v1" }), ["c.txt", "deep/b.txt"]);
  });

  it("follows the adapter rules", async () => {
    const adapter = gitAdapter({ name: "repo", url: "env:GIT" });
    const problems = await adapterProblems(adapter, {
      samples: {
        read: { input: { path: "c.txt" } },
        list: { input: {} },
        log: { input: {} },
        tag: { input: { tag: "v2" } },
        commit: {
          input: { message: "Note", files: { "note.txt": String(Date.now()) } },
          effects: () => Number(git("rev-list", "--count", "main")),
        },
      },
      secret,
      disconnect: () => void secrets.set("env:GIT", pathToFileURL(join(disposable.path, "gone.git")).href),
    }).finally(() => {
      adapter.close?.();
      secrets.set("env:GIT", pathToFileURL(remote).href);
    });
    assert.deepEqual(problems, []);
  });

  it("rejects inputs that are options, ref expressions or paths outside of the repository", async () => {
    const wrong = join(disposable.path, "owned");
    for (const input of [
      { ref: `--output=${wrong}` },
      { ref: "main:c.txt" },
      { ref: "main..v1" },
      { ref: "a/.lock" },
    ])
      await failsWith(run("log", input), "adapter.input_invalid");
    for (const path of ["../x", "/x", ".git/hooks/post-update", "a/.GIT/x", "a\nb"])
      await failsWith(commit(path, "x", "run-7/commit"), "adapter.input_invalid");
    assert.equal(existsSync(wrong), false);
  });

  it("reports why an operation or a connection fails, without the password", async () => {
    await failsWith(run("read", { path: "none" }), "adapter.refused");
    await failsWith(run("read", { path: "c.txt", ref: "none" }), "adapter.refused");
    const small = gitAdapter({ name: "repo", url: "env:GIT", bytesMax: 0 });
    await failsWith(run("read", { path: "c.txt" }, "k", small), "adapter.answer_unreadable");
    small.close?.();
    for (const [url, code] of [
      ["ext::sh -c 'touch owned'", "adapter.invalid"],
      ["file:///nowhere.git", "adapter.unreachable"],
      ["http://ada:sesame@127.0.0.1:1/x.git", "adapter.unreachable"],
    ] as const) {
      secrets.set("env:GIT", url);
      await failsWith(adapter.check(new Task(secret)), code);
    }
    secrets.set("env:GIT", pathToFileURL(remote).href);
    await adapter.check(new Task(secret));
  });

  it("starts a run for each commit after its first poll, and a restart continues at its mark", async () => {
    const starts: string[] = [];
    const tutti = {
      run: async (_workflow: string, { id }: { id: string }) => void starts.push(id),
    } as unknown as SourceRunOptions["tutti"];
    const watch = () => {
      const stop = new AbortController();
      const source = gitSource({
        ...{ name: "pushes", url: "env:GIT", pollMs: 20 },
        start: ({ id, subject }) => ({ workflow: "build", input: { id, subject } }),
      });
      const running = source.run({
        tutti,
        signal: stop.signal,
        secret: async (reference) => secret(reference),
      });
      return {
        source,
        end: async () => {
          stop.abort();
          await running;
          source.close?.();
        },
      };
    };
    const first = watch();
    await until("the mark is set", () =>
      git("for-each-ref", "refs/tutti").includes("refs/tutti/pushes/main"),
    );
    const one = await commit("one", "1", "run-8/commit");
    await until("its run started", () => starts.length === 1);
    await first.end();
    const two = await commit("two", "2", "run-9/commit");
    const three = await commit("three", "3", "run-10/commit");
    const second = watch();
    await until("all runs started", () => new Set(starts).size === 3);
    await second.end();
    const expected = [one, two, three].map((each) => `pushes-${each.commit}`);
    assert.deepEqual([...new Set(starts)], expected);
  });
});
