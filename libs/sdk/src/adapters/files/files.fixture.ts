/** Tests of every file place, through its adapter and its source. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { inspect } from "node:util";
import { defineErrors, isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import {
  type Adapter,
  type AdapterCall,
  adapterProblems,
  type FilesSourceOptions,
  type Source,
  type SourceRunOptions,
} from "@tutti/sdk/adapters";

export interface PlaceUnderTest {
  adapter(more?: { readonly bytesMax?: number; readonly filesMax?: number }): Adapter;
  source(options: FilesSourceOptions): Source;
  secret(reference: string): string;
  /** Puts a file into the place from outside. */
  put(path: string, text: string): Promise<void>;
}

/** Like a task, its method `secret` needs `this`. */
export class Task implements AdapterCall {
  readonly signal = new AbortController().signal;
  readonly idempotencyKey: string;
  readonly #secret: (reference: string) => string;
  constructor(secret: (reference: string) => string, idempotencyKey = "run/task") {
    this.#secret = secret;
    this.idempotencyKey = idempotencyKey;
  }
  async secret(reference: string): Promise<string> {
    return this.#secret(reference);
  }
}

/** Asserts that the work fails with an error of the catalogue. */
export async function failsWith(
  work: Promise<unknown> | undefined,
  code: string,
  secrets = /sesame/,
): Promise<string> {
  const error: unknown = await work?.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(isTuttiError(error), String(error));
  assert.equal(error.code, code, error.message);
  assert.doesNotMatch(inspect(error, { depth: 20, showHidden: true }), secrets);
  return error.message;
}

const passing = defineErrors("filestest", {
  away: {
    ...{ status: "UNAVAILABLE", retry: "same-key", help: "The platform of this test is away." },
    ...{ message: () => "The platform is away", remedy: "" },
  },
});

export function describePlace(open: () => PlaceUnderTest): void {
  const run = (name: string, input: Record<string, unknown>, from = open().adapter()) =>
    from.operations[name]?.call(input, new Task(open().secret)) as Promise<never>;

  it("follows the adapter rules", async () => {
    const adapter = open().adapter();
    await open().put("rules/a.txt", "a");
    const problems = await adapterProblems(adapter, {
      secret: open().secret,
      samples: {
        list: { input: { folder: "rules" } },
        info: { input: { path: "rules/a.txt" } },
        read: { input: { path: "rules/a.txt" } },
        write: { input: { path: "rules/b.txt", text: "b" } },
        move: { input: { path: "rules/b.txt", to: "rules/c.txt" } },
        delete: { input: { path: "rules/c.txt" } },
      },
    }).finally(() => adapter.close?.());
    assert.deepEqual(problems, []);
  });

  it("writes, lists, reads, moves and deletes, and each of them once more", async () => {
    const text = "Grüße\n";
    const written = { path: "orders/2026/a b+c&d.txt", size: 8 };
    for (let attempt = 0; attempt < 2; attempt++)
      assert.deepEqual(await run("write", { path: "./orders//2026/a b+c&d.txt", text }), written);
    const bytes = Buffer.from([0, 255, 1]);
    await run("write", { path: "orders/z.bin", base64: bytes.toString("base64") });
    await run("write", { path: "orders/2026/a b+c&d.txt", text: "new" });
    await run("write", { path: "orders/empty", text: "" });
    const all: { path: string; size: number; modified: string }[] = await run("list", { folder: "orders" });
    assert.deepEqual(
      all.map(({ path, size }) => [path, size]),
      [
        ["orders/2026/a b+c&d.txt", 3],
        ["orders/empty", 0],
        ["orders/z.bin", 3],
      ],
    );
    for (const { modified } of all) assert.match(modified, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/);
    assert.deepEqual(await run("list", { folder: "nowhere" }), []);
    const read = { path: "orders/z.bin", as: "base64" };
    assert.deepEqual(await run("read", read), { path: "orders/z.bin", size: 3, base64: "AP8B" });
    assert.deepEqual(await run("read", { path: "orders/2026/a b+c&d.txt" }), {
      ...written,
      size: 3,
      text: "new",
    });
    assert.equal(((await run("info", { path: "orders/z.bin" })) as { size: number }).size, 3);
    assert.equal(await run("info", { path: "orders/none" }), null);
    for (let attempt = 0; attempt < 2; attempt++)
      assert.deepEqual(await run("move", { path: "orders/z.bin", to: "done/deep/z.bin" }), {
        path: "done/deep/z.bin",
      });
    assert.equal(((await run("info", { path: "done/deep/z.bin" })) as { size: number }).size, 3);
    // A file at the target is replaced.
    await run("move", { path: "orders/empty", to: "done/deep/z.bin" });
    assert.deepEqual(await run("read", { path: "done/deep/z.bin" }), {
      path: "done/deep/z.bin",
      size: 0,
      text: "",
    });
    for (const deleted of [true, false])
      assert.deepEqual(await run("delete", { path: "done/deep/z.bin" }), { deleted });
  });

  it("rejects paths outside of the folder, missing files and content above the limits", async () => {
    for (const path of ["/etc/passwd", "../x", "a/../../x", "a\0b", ".", "a\\b"])
      await failsWith(run("read", { path }), "adapter.input_invalid");
    await failsWith(run("write", { path: "x" }), "adapter.input_invalid");
    await failsWith(run("write", { path: "x", text: "a", base64: "YQ==" }), "adapter.input_invalid");
    await failsWith(run("read", { path: "missing.txt" }), "adapter.refused");
    await failsWith(run("move", { path: "missing.txt", to: "other.txt" }), "adapter.refused");
    await open().put("bytes", "12345");
    await open().put("latin", Buffer.from([0xe4, 0x31]).toString("latin1"));
    const small = open().adapter({ bytesMax: 4, filesMax: 1 });
    assert.match(
      await failsWith(run("read", { path: "bytes" }, small), "adapter.answer_unreadable"),
      /more than 4 bytes/,
    );
    await failsWith(run("write", { path: "bytes", text: "12345" }, small), "adapter.answer_unreadable");
    await failsWith(run("list", {}, small), "adapter.answer_unreadable");
    small.close?.();
  });

  it("starts a run for each file after the platform was unreachable, and moves files that cannot start a run", async () => {
    const starts: [id: string, path: string][] = [];
    const attempts: string[] = [];
    let failing = 2;
    const tutti = {
      run: async (_workflow: string, { id, input }: { id: string; input: { path: string } }) => {
        attempts.push(id);
        if (failing-- > 0) throw passing.away();
        if (!starts.some(([known]) => known === id)) starts.push([id, input.path]);
      },
    } as unknown as SourceRunOptions["tutti"];
    await open().put("inbox/one.csv", "1");
    await open().put("inbox/deep/two.csv", "22");
    await open().put("inbox/bad.csv", "bad");
    const source = open().source({
      ...{ name: "drop", pollMs: 20 },
      start: ({ path, name }) => {
        if (name === "bad.csv") throw new Error("it has no order");
        return { workflow: "order", input: { path } };
      },
    });
    const stop = new AbortController();
    const running = source.run({
      tutti,
      signal: stop.signal,
      secret: async (reference) => open().secret(reference),
    });
    await until("both have started", () => starts.length === 2);
    await until(
      "the inbox is empty",
      async () => ((await run("list", { folder: "inbox" })) as []).length === 0,
    );
    await until(
      "no note is left",
      async () => ((await run("list", { folder: "taken/.starting" })) as []).length === 0,
    );
    stop.abort();
    await running;
    source.close?.();
    for (const [id, path] of starts) {
      assert.match(id, /^drop-[0-9a-f]{32}$/);
      const { text }: { text: string } = await run("read", { path });
      assert.equal(text, path.endsWith("one.csv") ? "1" : "22");
    }
    assert.ok(attempts.length >= 4, "a start that failed was repeated");
    const failed = ((await run("list", { folder: "failed" })) as { path: string }[]).map(({ path }) => path);
    assert.deepEqual(
      failed.map((path) => path.replace(/\/[0-9a-f]{8}-/, "/")),
      ["failed/bad.csv", "failed/bad.csv.reason.txt"],
    );
  });
}
