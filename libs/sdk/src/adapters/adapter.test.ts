import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorkflow, uses, workflow } from "@tutti/sdk";
import { Busy } from "../task/failure.ts";
import { type Adapter, type AdapterCall, addAdapter } from "./adapter.ts";
import { clientFor, unreachableReason } from "./client.ts";
import { adapterDouble } from "./double.ts";

const call: AdapterCall = {
  ...{ idempotencyKey: "key", signal: new AbortController().signal },
  secret: async (reference) => reference,
};

function counting(rate?: Adapter["rate"]) {
  let calls = 0;
  const adapter: Adapter = {
    ...{ name: "crm", kind: "test" },
    ...(rate !== undefined && { rate }),
    check: async () => {},
    operations: {
      "find-person": {
        input: {
          type: "object",
          required: ["id"],
          properties: { id: { type: "string" }, size: { default: 5 } },
        },
        repeat: "safe",
        call: async (input) => {
          calls++;
          return input;
        },
      },
    },
  };
  return { adapter, calls: () => calls };
}

class HandlerTable {
  readonly handlers = new Map<string, (input: unknown, call: AdapterCall) => Promise<unknown>>();
  handle(name: string, handler: never): this {
    this.handlers.set(name, handler);
    return this;
  }
}

describe("an adapter", () => {
  it("registers its operations and a check with a worker, and validates inputs and fills in defaults", async () => {
    const table = new HandlerTable();
    const { adapter, calls } = counting();
    assert.deepEqual(addAdapter(table as never, adapter), ["crm.find-person"]);
    const find = table.handlers.get("crm.find-person");
    assert.deepEqual(await find?.({ id: "7" }, call), { id: "7", size: 5 });
    await assert.rejects(async () => find?.({}, call), { code: "adapter.input_invalid", retry: "never" });
    assert.equal(calls(), 1);
    const checked = (await table.handlers.get("crm.adapter-check")?.({}, call)) as object;
    assert.deepEqual({ ...checked, ms: 0 }, { adapter: "crm", kind: "test", operations: 1, ms: 0 });
  });

  it("can destructure the members of its task, and can use private fields in its check", async () => {
    class Task {
      readonly idempotencyKey = "key";
      readonly signal = new AbortController().signal;
      readonly #secrets = new Map([["env:CRM", "sesame"]]);
      async secret(reference: string) {
        return this.#secrets.get(reference) ?? "";
      }
    }
    class Crm implements Adapter {
      readonly name = "crm";
      readonly kind = "test";
      readonly operations = {
        read: { repeat: "safe", call: async (_: unknown, { secret }: AdapterCall) => secret("env:CRM") },
      } as const;
      #checks = 0;
      async check({ secret }: AdapterCall) {
        assert.equal(await secret("env:CRM"), "sesame");
        assert.equal(++this.#checks, 1);
      }
    }
    const table = new HandlerTable();
    addAdapter(table as never, new Crm());
    assert.equal(await table.handlers.get("crm.read")?.({}, new Task()), "sesame");
    await table.handlers.get("crm.adapter-check")?.({}, new Task());
  });

  it("returns calls above its rate to the queue, with the time until the next call", async () => {
    let nowMs = 0;
    const clock = { now: () => nowMs, monotonic: () => nowMs };
    const table = new HandlerTable();
    addAdapter(table as never, counting({ perSecond: 4, burst: 2 }).adapter, { clock });
    const find = () => table.handlers.get("crm.find-person")?.({ id: "7" }, call);
    await find();
    await find();
    await assert.rejects(
      async () => find(),
      (error) => error instanceof Busy && error.retryAfterMs === 250,
    );
    nowMs = 250;
    await find();
    await assert.rejects(async () => find(), Busy);
  });

  it("pauses its own operations when its system limits it, and sends no call before that time is over", async () => {
    let nowMs = 1_000;
    let sent = 0;
    const clock = { now: () => nowMs, monotonic: () => nowMs };
    const table = new HandlerTable();
    const read = {
      repeat: "safe",
      call: async () => {
        if (sent++ === 0) throw new Busy({ retryAfterMs: 5_000, message: "status 429" });
        return "done";
      },
    } as const;
    const adapter = { name: "crm", kind: "test", operations: { read, list: read }, check: async () => {} };
    addAdapter(table as never, adapter, { clock });
    const busyFor = (retryAfterMs: number) => (error: unknown) => {
      assert.ok(error instanceof Busy);
      assert.deepEqual({ ...error }, { name: "Busy", retryAfterMs, capabilities: ["crm.*"] });
      assert.equal(error.message, "status 429");
      return true;
    };
    await assert.rejects(async () => table.handlers.get("crm.read")?.({}, call), busyFor(5_000));
    nowMs += 2_000;
    await assert.rejects(async () => table.handlers.get("crm.list")?.({}, call), busyFor(3_000));
    assert.equal(sent, 1);
    nowMs += 3_000;
    assert.equal(await table.handlers.get("crm.list")?.({}, call), "done");
  });

  it("is refused with a name that is none, or without an operation", () => {
    const { adapter } = counting();
    const wrong = { code: "adapter.invalid" };
    assert.throws(() => addAdapter(new HandlerTable() as never, { ...adapter, name: "My CRM" }), wrong);
    assert.throws(() => addAdapter(new HandlerTable() as never, { ...adapter, operations: {} }), wrong);
  });

  it("says why a server is out of reach", () => {
    const at = { host: "shop.example", port: 443 };
    const openssl =
      "write EPROTO 404D:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:";
    assert.deepEqual(
      [
        unreachableReason("ECONNREFUSED", "connect ECONNREFUSED", at),
        unreachableReason("ENOTFOUND", "getaddrinfo ENOTFOUND", at),
        unreachableReason("EPROTO", openssl, at),
        unreachableReason("ECONNRESET", "socket hang up", at),
      ],
      [
        "no server listens at shop.example:443",
        "the host `shop.example` is unknown (ENOTFOUND)",
        "the server at shop.example:443 does not use TLS",
        "socket hang up",
      ],
    );
  });

  it("names the install command for a missing client package, and passes other import errors on", async () => {
    const missing = "no-such-client";
    await assert.rejects(
      clientFor("crm", missing, () => import(missing)),
      {
        code: "adapter.client_missing",
        retry: "never",
        message: /`crm` needs the package `no-such-client`.*Run `npm install no-such-client`/,
      },
    );
    await assert.rejects(
      clientFor("crm", "pg", () => import(missing)),
      { code: "ERR_MODULE_NOT_FOUND" },
    );
  });

  it("finds a client that a bundle has as the default of its module", async () => {
    const client = { load: () => [] };
    assert.equal(await clientFor<object>("crm", "loader", async () => ({ default: client })), client);
    const named = { default: client, load: client.load };
    assert.equal(await clientFor<object>("crm", "loader", async () => named), named);
  });

  it("has a double for tests of workflows, which validates as the adapter does", async () => {
    const { adapter, calls } = counting();
    const found = workflow("found", {
      tasks: { find: uses("crm.find-person", { with: { id: "7" } }) },
      output: "${{ tasks.find.output.name }}",
    });
    const handlers = adapterDouble(adapter, {
      "find-person": ({ id }: { id: string }) => ({ name: `Ada ${id}` }),
    });
    assert.equal(await testWorkflow(found, { handlers }).execute(), "Ada 7");
    const wrong = workflow("wrong", { tasks: { find: uses("crm.find-person", { with: {} }) } });
    await assert.rejects(testWorkflow(wrong, { handlers }).execute(), /was not called/);
    assert.throws(() => adapterDouble(adapter, { gone: () => 1 }), /no operation `gone`/);
    assert.equal(calls(), 0);
  });
});
