import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type Msg, type NatsConnection } from "@nats-io/transport-node";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { type NatsServer, startNatsServer } from "@tutti/nats/testing";
import { type AdapterCall, adapterProblems, natsAdapter, natsSource } from "@tutti/sdk/adapters";
import { needsProgram } from "../../../../../tools/programs.mjs";

const program = await needsProgram("nats-server");
const password = "sesame-8a1d";

describe("a NATS adapter", { skip: program.skip }, () => {
  let server: NatsServer;
  let other: NatsConnection;
  const url = "env:SHOP_NATS" as const;
  const secrets = new Map<string, string>();
  const adapter = natsAdapter({
    ...{ name: "shop", url },
    operations: {
      created: { subject: "orders.{id}.created" },
      price: { subject: "price.{article}", does: "request", repeat: "safe" },
      charge: { subject: "charge", does: "request" },
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
  const run = async (name: string, input: Record<string, unknown>, more: Partial<AdapterCall> = {}) =>
    adapter.operations[name]?.call(input, Object.assign(new Task(`run-${++keys}/task`), more));
  const messages = async () => (await (await jetstreamManager(other)).streams.info("ORDERS")).state.messages;
  const dial = () => connect({ servers: server.address, user: "shop", pass: password });
  const serve = async (subject: string, answer: (message: Msg) => void) => {
    const service = other.subscribe(subject, { callback: (_error, message) => answer(message) });
    await other.flush();
    return { stop: () => service.drain() };
  };

  before(async () => {
    server = await startNatsServer({
      configuration: `authorization { users: [
        { user: shop, password: "${password}" },
        { user: clerk, password: clerk, permissions: { publish: "price.*", subscribe: "_INBOX.>" } } ] }`,
    });
    secrets.set(url, `nats://shop:${password}@${server.address}`);
    other = await dial();
    await (await jetstreamManager(other)).streams.add({ name: "ORDERS", subjects: ["orders.*.created"] });
  });
  after(async () => {
    adapter.close?.();
    await other?.close();
    await server?.[Symbol.asyncDispose]();
  });

  it("publishes once for each task, and its output is that of the first attempt", async () => {
    const task = { idempotencyKey: "run/created" };
    const publish = () =>
      run("created", { id: 7, data: { article: "violin" }, headers: { by: "ann" } }, task);
    assert.deepEqual(await Promise.all([publish(), publish()]), Array(2).fill({ stream: "ORDERS", seq: 1 }));
    assert.deepEqual(await publish(), { stream: "ORDERS", seq: 1 });
    assert.equal(await messages(), 1);
    const { streams } = await jetstreamManager(other);
    const stored = await streams.getMessage("ORDERS", { seq: 1 });
    assert.deepEqual(
      [stored?.subject, stored?.json(), stored?.header.get("by")],
      ["orders.7.created", { article: "violin" }, "ann"],
    );
  });

  it("rejects an input that would change the subject", async () => {
    for (const id of ["a.b", "*", ">", "a b", ""])
      await assert.rejects(run("created", { id }), { code: "adapter.input_invalid" });
    assert.equal(await messages(), 1);
  });

  it("sends a request to a service, and distinguishes its errors", async () => {
    const requests: string[] = [];
    const service = await serve("price.*", (message) => {
      requests.push(message.headers?.get("Nats-Msg-Id") ?? "");
      const headers = message.headers;
      if (message.subject === "price.violin") return void message.respond(JSON.stringify({ cents: 42_000 }));
      if (message.subject === "price.text") return void message.respond("plenty");
      if (message.subject === "price.silent") return;
      headers?.set("Nats-Service-Error", "it broke");
      headers?.set("Nats-Service-Error-Code", message.subject === "price.bad" ? "400" : "500");
      message.respond("", { ...(headers && { headers }) });
    });
    assert.deepEqual(await run("price", { article: "violin" }, { idempotencyKey: "run/price" }), {
      cents: 42_000,
    });
    assert.deepEqual(requests, ["run/price"]);
    assert.equal(await run("price", { article: "text" }), "plenty");
    const failed = (article: string) => run("price", { article }, { remainingMs: 200 });
    await assert.rejects(failed("bad"), { code: "adapter.refused", message: /it broke \(400\)/ });
    await assert.rejects(failed("broken"), { code: "adapter.failed", message: /it broke \(500\)/ });
    await assert.rejects(failed("silent"), { code: "adapter.unreachable" });
    await service.stop();
    await assert.rejects(failed("violin"), {
      code: "adapter.failed",
      message: /no service takes the subject/,
    });
  });

  it("does not retry a request whose outcome is unknown, unless no service received it", async () => {
    await assert.rejects(run("charge", {}), { code: "adapter.failed", retry: "same-key" });
    const service = await serve("charge", () => {});
    await assert.rejects(run("charge", {}, { remainingMs: 200 }), {
      code: "adapter.outcome_unknown",
      retry: "never",
    });
    await service.stop();
  });

  it("a cancelled task stops waiting", async () => {
    const service = await serve("price.*", () => {});
    const task = new AbortController();
    const waiting = run("price", { article: "violin" }, { signal: task.signal });
    task.abort(new Error("cancelled"));
    await assert.rejects(waiting, /cancelled/);
    await service.stop();
  });

  it("reports why a connection fails, without the password", async () => {
    const right = secrets.get(url) ?? "";
    const cases: readonly [string, string, RegExp][] = [
      [right.replace("127.0.0.1", "nowhere.invalid"), "adapter.unreachable", /host `nowhere.invalid`/],
      [right.replace(/\d+$/, "1"), "adapter.unreachable", /no server listens at 127.0.0.1:1/],
      [right.replace(password, "open-sesame"), "adapter.not_signed_in", /Authorization/i],
      [right.replace("nats:", "http:"), "adapter.invalid", /has no URL such as/],
    ];
    for (const [text, code, message] of cases) {
      secrets.set("env:WRONG", text);
      const wrong = natsAdapter({ name: "wrong", url: "env:WRONG", connectMs: 2_000 });
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
  });

  it("the check finds subjects that no stream captures, and streams that do not exist", async () => {
    await adapter.check(new Task("check"));
    const lost = natsAdapter({ name: "lost", url, operations: { publish: { subject: "lost.{id}" } } });
    await assert.rejects(lost.check(new Task("check")), {
      code: "adapter.refused",
      message: /no stream takes the subject `lost\.\*`/,
    });
    const source = natsSource({ name: "gone", url, stream: "GONE", start: () => ({ workflow: "order" }) });
    await assert.rejects(source.check(new Task("check")), { code: "adapter.refused", message: /stream/ });
    for (const each of [lost, source]) each.close?.();
  });

  it("uses a changed secret", async () => {
    const before = secrets.get(url) ?? "";
    secrets.set(url, `nats://clerk:clerk@${server.address}`);
    await assert.rejects(run("created", { id: 8 }, { remainingMs: 2_000 }), {
      code: "adapter.refused",
      message: /permissions violation/i,
    });
    secrets.set(url, before);
    await run("created", { id: 8 });
  });

  it("follows the adapter rules, and continues after the server was killed", async () => {
    let lastCount = 0;
    const effects = async () => (lastCount = await messages().catch(() => lastCount));
    const samples = { created: { input: { id: "rules", data: 1 }, effects } };
    const found = await adapterProblems(adapter, {
      ...{ samples, secret: () => secrets.get(url) ?? "", disconnect: () => server.down("kill") },
    });
    assert.deepEqual(found, []);
    await server.up();
    await until("it is back", () => run("created", { id: "back" }).then(Boolean, () => false));
  });
});
