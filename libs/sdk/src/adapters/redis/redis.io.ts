import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { type AdapterCall, adapterProblems, redisAdapter, redisSource } from "@tutti/sdk/adapters";
import { needsProgram } from "../../../../../tools/programs.mjs";
import { password, startRedis } from "../../../../../tools/redis.mjs";
import { RedisConnections } from "./connection.ts";

const program = await needsProgram("redis-server");

describe("a Redis adapter", { skip: program.skip }, () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  const url = "env:SHOP_REDIS" as const;
  const secrets = new Map<string, string>();
  const connections = new RedisConnections({ name: "other", url });
  const adapter = redisAdapter({ name: "shop", url });
  const own = redisAdapter({
    ...{ name: "own", url },
    operations: {
      take: { command: "DECRBY stock:{article} {count}" },
      note: { command: "HSET order:{id} {...fields}" },
      read: { command: "HGETALL order:{id}" },
      many: { command: "MGET {...keys}" },
      history: { command: "XRANGE {stream} - +" },
    },
  });
  /** Like a task, its method `secret` needs `this`. */
  class Task implements AdapterCall {
    readonly signal = new AbortController().signal;
    readonly #known = secrets;
    readonly idempotencyKey: string;
    constructor(idempotencyKey: string) {
      this.idempotencyKey = idempotencyKey;
    }
    async secret(reference: string): Promise<string> {
      return this.#known.get(reference) ?? "";
    }
  }
  let keys = 0;
  const run = async (
    name: string,
    input: Record<string, unknown>,
    more: Partial<AdapterCall> = {},
    from = adapter,
  ) => from.operations[name]?.call(input, Object.assign(new Task(`run-${++keys}/task`), more));
  const send = (...args: string[]) => connections.use("other", new Task("other"), (to) => to(args));

  before(async () => {
    server = await startRedis(program.path);
    secrets.set(url, server.url);
  });
  after(async () => {
    for (const each of [adapter, own, connections]) each.close?.();
    await server?.[Symbol.asyncDispose]();
  });

  it("writes once for each task, also if two attempts run at once, and replies the same", async () => {
    const task = { idempotencyKey: "run/add" };
    const add = () => run("add", { stream: "orders", fields: { article: "violin", about: [1] } }, task);
    const [id, ...same] = await Promise.all([add(), add(), add()]);
    assert.match(String(id), /^\d+-0$/);
    assert.deepEqual([...same, await add()], [id, id, id]);
    assert.deepEqual(await run("history", { stream: "orders" }, {}, own), [
      { id, fields: { article: "violin", about: "[1]" } },
    ]);
    // Integers that a float of 14 digits cannot hold, null, and texts that look like numbers.
    await run("set", { key: "stock:bow", value: 9_007_199_254_740_991 });
    const take = () => run("take", { article: "bow", count: 1 }, { idempotencyKey: "run/take" }, own);
    assert.deepEqual([await take(), await take()], [9_007_199_254_740_990, 9_007_199_254_740_990]);
    await run("push", { list: "letters", value: "007" });
    const pop = (key: string) => run("pop", { list: "letters" }, { idempotencyKey: key });
    assert.deepEqual([await pop("a"), await pop("a"), await pop("b")], ["007", "007", null]);
    await run("push", { list: "letters", value: "late" });
    assert.equal(await pop("b"), null, "an attempt that found nothing has found nothing for good");
    await run("set", { key: "n", value: "1" }, { idempotencyKey: "run/set" });
    assert.equal(await run("set", { key: "n", value: "2" }, { idempotencyKey: "run/set" }), "OK");
    assert.equal(await run("get", { key: "n" }), "1");
  });

  it("returns objects for pairs, and passes each input value as one word of the command", async () => {
    await run("note", { id: 7, fields: { state: "open; FLUSHALL", lines: { a: 1 } } }, {}, own);
    assert.deepEqual(await run("read", { id: 7 }, {}, own), { state: "open; FLUSHALL", lines: '{"a":1}' });
    await run("set", { key: "a b", value: "x EX 1" });
    assert.equal(await send("TTL", "a b"), -1);
    assert.deepEqual(await run("many", { keys: ["a b", "none"] }, {}, own), ["x EX 1", null]);
    const wrong = { code: "adapter.input_invalid" };
    await assert.rejects(run("note", { id: 7, fields: {} }, {}, own), wrong);
    await assert.rejects(run("get", {}), wrong);
  });

  it("a rejected command leaves no marker, and full memory rejects the call before the command", async () => {
    await send("SET", "text", "no list");
    const push = () => run("push", { list: "text", value: 1 }, { idempotencyKey: "run/wrong" });
    await assert.rejects(push(), { code: "adapter.refused", message: /WRONGTYPE/ });
    await send("DEL", "text");
    assert.equal(await push(), 1);
    await send("CONFIG", "SET", "maxmemory", "1");
    const publish = run("publish", { channel: "c", message: "m" }, { idempotencyKey: "run/oom" });
    await assert.rejects(publish, { code: "adapter.failed", message: /OOM/ });
    await send("CONFIG", "SET", "maxmemory", "0");
    assert.equal(await run("publish", { channel: "c", message: "m" }, { idempotencyKey: "run/oom" }), 0);
  });

  it("the check finds commands that the server lacks, that cannot run in a script, or that write", async () => {
    const check = (operations: Parameters<typeof redisAdapter>[0]["operations"]) => {
      const checked = redisAdapter({ name: "checked", url, ...(operations && { operations }) });
      return checked.check(new Task("check")).finally(() => checked.close?.());
    };
    await check(undefined);
    const refused = (message: RegExp) => ({ code: "adapter.refused", message });
    await assert.rejects(check({ a: { command: "FROBNICATE x" } }), refused(/no command FROBNICATE/));
    await assert.rejects(check({ a: { command: "SUBSCRIBE x" } }), refused(/cannot run in a script/));
    await assert.rejects(check({ a: { command: "LPOP x", writes: false } }), refused(/LPOP writes/));
  });

  it("reports why a connection fails, without the password", async () => {
    const cases: readonly [string, string, RegExp][] = [
      [server.url.replace("127.0.0.1", "nowhere.invalid"), "adapter.unreachable", /host `nowhere.invalid`/],
      [server.url.replace(/\d+$/, "1"), "adapter.unreachable", /no server listens at 127.0.0.1:1/],
      [server.url.replace(password, "open-sesame"), "adapter.not_signed_in", /WRONGPASS/],
      [server.url.replace(/:[^:]*@/, ""), "adapter.not_signed_in", /NOAUTH/],
      [server.url.replace("redis:", "rediss:"), "adapter.unreachable", /127.0.0.1:\d+/],
      [
        `${server.url}/99`,
        "adapter.refused",
        /out of range\. Correct the number of the database in the URL\.$/,
      ],
      [`http://${password}@host`, "adapter.invalid", /has no URL such as/],
    ];
    for (const [text, code, message] of cases) {
      secrets.set("env:WRONG", text);
      const wrong = redisAdapter({ name: "wrong", url: "env:WRONG", connectMs: 2_000 });
      const error: unknown = await wrong.check(new Task("check")).then(
        () => undefined,
        (failure: unknown) => failure,
      );
      assert.ok(isTuttiError(error), `${text}: ${String(error)}`);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      const printed = inspect(error, { depth: 20, showHidden: true });
      assert.doesNotMatch(printed, new RegExp(`${password}|open-sesame`));
      wrong.close?.();
    }
    const source = { name: "wrong", url: "env:WRONG", stream: "orders", start: () => ({ workflow: "w" }) };
    assert.throws(() => redisSource(source as never), /expected `from` with `stream`, `list` or `channel`/);
    const misspelled = { name: "wrong", url: "env:WRONG", operations: { x: { comand: "GET {key}" } } };
    assert.throws(() => redisAdapter(misspelled as never), /`wrong\.x` has no option `comand`/);
    assert.throws(() => redisAdapter({ name: "wrong", url: server.url as "env:X" }), {
      code: "adapter.invalid",
    });
  });

  it("a call of a silent server ends with its task, and a killed server is used again", async () => {
    await run("set", { key: "k", value: "kept" });
    server.signal("SIGSTOP");
    const task = new AbortController();
    const silent = run("get", { key: "k" }, { signal: task.signal });
    const interrupted = run("push", { list: "cut", value: 1 }, { idempotencyKey: "run/cut" });
    interrupted.catch(() => {});
    task.abort(new Error("cancelled"));
    await assert.rejects(silent, /cancelled/);
    await server.kill();
    // The command was sent, and its outcome is unknown. The next attempt has the same key.
    await assert.rejects(interrupted, { code: "adapter.unreachable" });
    await assert.rejects(run("get", { key: "k" }), { code: "adapter.unreachable" });
    await server.up();
    await until("it is back", () => run("get", { key: "k" }).then(Boolean, () => false));
    assert.equal(await run("push", { list: "cut", value: 1 }, { idempotencyKey: "run/cut" }), 1);
    assert.equal(await send("LLEN", "cut"), 1);
  });

  it("uses a changed secret", async () => {
    await send("ACL", "SETUSER", "clerk", "on", ">clerk", "+get", "+hello", "+client", "~*");
    const before = secrets.get(url) ?? "";
    secrets.set(url, before.replace(`:${password}`, "clerk:clerk"));
    await run("get", { key: "k" });
    await assert.rejects(run("set", { key: "k", value: "no" }), {
      code: "adapter.refused",
      message: /NOPERM.*\. Grant the right to the user/,
    });
    secrets.set(url, before);
    await run("set", { key: "k", value: "yes" });
  });

  it("follows the adapter rules", async () => {
    let lastLength = 0;
    const length = (list: string) => async () =>
      (lastLength = await send("LLEN", list).then(Number, () => lastLength));
    const samples = {
      push: { input: { list: "rules", value: { a: 1 } }, effects: length("rules") },
      get: { input: { key: "rules-none" } },
    };
    const found = await adapterProblems(adapter, {
      ...{ samples, secret: () => server.url, disconnect: () => server.kill() },
    });
    assert.deepEqual(found, []);
  });
});
