import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { isTuttiError } from "@tutti/kernel";
import { type AdapterCall, adapterProblems, grpcAdapter } from "@tutti/sdk/adapters";
import { Busy } from "../../task/failure.ts";
import { type AdapterOperation, callOperation } from "../adapter.ts";

const proto = fileURLToPath(new URL("./shop.fixture.proto", import.meta.url));
type Order = Readonly<Record<string, unknown>>;
type Fault = { readonly code: number; readonly details: string };

describe("a gRPC adapter", () => {
  const definition = loadSync(proto, { longs: String, enums: String, oneofs: true });
  const placed = new Map<string, Order>();
  const received: Metadata[] = [];
  let fault: Fault | undefined;
  let server: Server;
  let url: string;

  const answered = <T>(call: { readonly metadata: Metadata }, answer: () => T) => {
    received.push(call.metadata);
    if (fault !== undefined) throw fault;
    return answer();
  };
  const unary =
    <T>(answer: (request: Order, key: string) => T) =>
    (call: ServerUnaryCall<Order, T>, reply: (error: Fault | null, value?: T) => void) => {
      try {
        const [key = ""] = call.metadata.get("idempotency-key").map(String);
        reply(
          null,
          answered(call, () => answer(call.request, key)),
        );
      } catch (error) {
        reply(error as Fault);
      }
    };
  const handlers = {
    GetOrder: unary(({ orderId }) => ({ ...placed.get(String(orderId)) })),
    PlaceOrder: unary((order, key) => {
      placed.set(key || String(order["orderId"]), order);
      return { ...order, state: "STATE_OPEN" };
    }),
    ListOrders(call: ServerWritableStream<Order, Order>) {
      for (let number = 0; number < 3; number++)
        call.write({ orderId: `o-${number}`, seal: Buffer.alloc(40) });
      call.end();
    },
    PlaceOrders(call: AsyncIterable<Order>, reply: (error: Fault | null, value?: Order) => void) {
      void (async () => {
        let count = 0;
        for await (const _ of call) count++;
        reply(null, { orderId: `${count} orders` });
      })();
    },
  };
  /** Health by service. Without an entry, the server does not know the service. */
  const health = new Map<string, number>();
  const healthHandlers = {
    Check({ request }: { readonly request: Buffer }, reply: (error: Fault | null, value?: Buffer) => void) {
      const serving = health.get(request.subarray(2).toString());
      if (serving === undefined) reply({ code: status.NOT_FOUND, details: "unknown service" });
      else reply(null, serving === 0 ? Buffer.of() : Buffer.of(8, serving));
    },
  };
  const bytes = (value: Buffer) => value;
  const healthMethods = {
    Check: {
      ...{ path: "/grpc.health.v1.Health/Check", requestStream: false, responseStream: false },
      ...{ requestSerialize: bytes, requestDeserialize: bytes },
      ...{ responseSerialize: bytes, responseDeserialize: bytes },
    },
  };
  const started = async (port = 0, reflects = true, hasHealth = false): Promise<number> => {
    // Gzip.
    server = new Server({ "grpc.default_compression_algorithm": 2 });
    server.addService(definition["shop.v1.Orders"] as never, handlers as never);
    if (hasHealth) server.addService(healthMethods, healthHandlers);
    if (reflects) new ReflectionService(definition as never).addToServer(server as never);
    return new Promise((resolve, reject) =>
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, boundPort) =>
        error === null ? resolve(boundPort) : reject(error),
      ),
    );
  };
  const call = (more: Partial<AdapterCall> = {}): AdapterCall => ({
    ...{ idempotencyKey: "run-1/add", signal: new AbortController().signal },
    secret: async (reference) => `value of ${reference}`,
    ...more,
  });
  const codeOf = (work: Promise<unknown> | undefined) =>
    (work ?? Promise.resolve()).then(
      () => "none",
      (error: unknown) => (isTuttiError(error) ? error.code : (error as Error).constructor.name),
    );

  before(async () => {
    url = `grpc://127.0.0.1:${await started()}`;
  });
  after(() => server.forceShutdown());

  const sources: readonly (readonly [string, (folder: string) => object])[] = [
    ["the server's reflection", () => ({})],
    ["a file in the language of Protobuf", () => ({ protos: [proto] })],
    [
      "a descriptor set",
      (folder) => {
        const file = join(folder, "shop.binpb");
        const root = fileURLToPath(new URL("../../../../../", import.meta.url));
        const buf = join(root, "node_modules", ".bin", "buf");
        writeFileSync(join(folder, "buf.yaml"), "version: v2\n");
        writeFileSync(join(folder, "shop.proto"), execFileSync("cat", [proto]));
        execFileSync(buf, ["build", folder, "-o", file]);
        return { descriptors: file };
      },
    ],
  ];
  for (const [source, options] of sources)
    it(`has the operations of all services by ${source}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "tutti-grpc-"));
      try {
        const shop = await grpcAdapter({ name: "shop", url, ...options(folder) });
        assert.deepEqual(
          Object.entries(shop.operations).map(([name, { repeat }]) => [name, repeat]),
          [
            ["get-order", "safe"],
            ["place-order", "never"],
            ["list-orders", "safe"],
            ["place-orders", "never"],
          ],
        );
        const order = {
          ...{ orderId: "o-1", cents: "9007199254740993", placed: "2027-01-31T08:00:00Z", seal: "AQI=" },
          ...{ labels: { team: "a" }, parts: [{ orderId: "o-2" }], voucher: "spring" },
        };
        assert.deepEqual(await shop.operations["place-order"]?.call(order, call({ idempotencyKey: "o-1" })), {
          ...order,
          state: "STATE_OPEN",
        });
        assert.deepEqual(await shop.operations["get-order"]?.call({ orderId: "o-1" }, call()), order);
        shop.close?.();
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

  it("accepts and returns lists for methods that stream", async () => {
    const shop = await grpcAdapter({ name: "shop", url });
    const listed = (await shop.operations["list-orders"]?.call({}, call())) as Order[];
    assert.deepEqual(
      listed.map(({ orderId }) => orderId),
      ["o-0", "o-1", "o-2"],
    );
    const requests = [{ orderId: "a" }, { orderId: "b" }];
    const streams = shop.operations["place-orders"] as AdapterOperation;
    // As a worker does: it checks the input first.
    assert.deepEqual(await callOperation("shop.place-orders", streams, { requests }, call()), {
      orderId: "2 orders",
    });
    assert.equal(
      await codeOf(callOperation("shop.place-orders", streams, { requests: [{ id: "a" }] }, call())),
      "adapter.input_invalid",
    );
    shop.close?.();
    const narrow = await grpcAdapter({ name: "shop", url, protos: [proto], answerBytesMax: 100 });
    assert.equal(
      await codeOf(narrow.operations["list-orders"]?.call({}, call())),
      "adapter.answer_unreadable",
    );
    narrow.close?.();
  });

  it("refuses a message of a few kilobytes that unpacks to more than its limit", async () => {
    placed.set("o-9", { orderId: "o-9", seal: Buffer.alloc(20_000_000) });
    const adapter = await grpcAdapter({ name: "shop", url });
    assert.equal(
      await codeOf(adapter.operations["get-order"]?.call({ orderId: "o-9" }, call())),
      "adapter.answer_unreadable",
    );
    placed.delete("o-9");
    adapter.close?.();
  });

  it("describes messages as JSON Schemas, also recursive ones", async () => {
    const shop = await grpcAdapter({ name: "shop", url, only: ["place-*"] });
    assert.deepEqual(Object.keys(shop.operations), ["place-order", "place-orders"]);
    const input = shop.operations["place-order"]?.input as Readonly<Record<string, Order>> | undefined;
    const { properties, $defs } = input ?? {};
    assert.deepEqual(properties?.["state"], { enum: ["STATE_UNSPECIFIED", "STATE_OPEN"] });
    assert.deepEqual(properties?.["parts"], { type: "array", items: { $ref: "#/$defs/shop.v1.Order" } });
    assert.deepEqual(Object.keys($defs ?? {}), ["shop.v1.Order"]);
    shop.close?.();
  });

  it("follows the adapter rules", async () => {
    const own = await grpcAdapter({
      ...{ name: "shop", url, connectMs: 500, idempotencyMetadata: "idempotency-key" },
      auth: { bearer: "env:SHOP_TOKEN" },
      protos: [proto],
    });
    received.length = 0;
    const port = Number(new URL(`http${url.slice("grpc".length)}`).port);
    const problems = await adapterProblems(own, {
      samples: {
        "get-order": { input: { orderId: "o-1" } },
        "place-order": { input: { orderId: "o-9" }, effects: () => placed.size },
      },
      disconnect: () => server.forceShutdown(),
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(received[0]?.get("authorization"), ["Bearer env:SHOP_TOKEN"]);
    await started(port, false);
    own.close?.();
  });

  it("maps each status to the error of the task", async () => {
    const shop = await grpcAdapter({ name: "shop", url, protos: [proto] });
    const outcomes: [number, string, string][] = [
      [status.UNAVAILABLE, "adapter.unreachable", "adapter.outcome_unknown"],
      [status.INTERNAL, "adapter.failed", "adapter.outcome_unknown"],
      [status.ABORTED, "adapter.failed", "adapter.failed"],
      [status.NOT_FOUND, "adapter.refused", "adapter.refused"],
      [status.UNAUTHENTICATED, "adapter.not_signed_in", "adapter.not_signed_in"],
      [status.RESOURCE_EXHAUSTED, Busy.name, Busy.name],
    ];
    for (const [code, reading, writing] of outcomes) {
      fault = { code, details: "as the test wants it" };
      assert.equal(await codeOf(shop.operations["get-order"]?.call({}, call())), reading, status[code]);
      assert.equal(await codeOf(shop.operations["place-order"]?.call({}, call())), writing, status[code]);
    }
    fault = undefined;
    assert.equal(
      await codeOf(shop.operations["get-order"]?.call({ orderID: 7 }, call())),
      "adapter.input_invalid",
    );
    shop.close?.();
  });

  it("asks the server for its health, or for that of one service", async () => {
    const shop = await grpcAdapter({ name: "shop", url, protos: [proto] });
    await shop.check(call());
    const { port } = new URL(url.replace("grpc:", "http:"));
    server.forceShutdown();
    await started(Number(port), false, true);
    const orders = await grpcAdapter({ name: "shop", url, protos: [proto], healthService: "shop.v1.Orders" });
    await shop.check(call());
    await assert.rejects(orders.check(call()), { code: "adapter.refused", message: /unknown service/ });
    for (const [serving, name] of ["UNKNOWN", "SERVING", "NOT_SERVING"].entries()) {
      health.set("", 1).set("shop.v1.Orders", serving);
      await shop.check(call());
      if (name === "SERVING") await orders.check(call());
      else
        await assert.rejects(orders.check(call()), {
          code: "adapter.unreachable",
          message: new RegExp(`\`shop\\.v1\\.Orders\` reports ${name}\\.`),
        });
    }
    health.set("", 2);
    await assert.rejects(shop.check(call()), { message: /the server reports NOT_SERVING/ });
    shop.close?.();
    orders.close?.();
  });

  it("names the option or server that is missing", async () => {
    const open = (options: object) => grpcAdapter({ name: "shop", url, connectMs: 300, ...options });
    await assert.rejects(open({}), /does not serve reflection, set `protos` or `descriptors`/);
    await assert.rejects(open({ url: "127.0.0.1:50051" }), /expected an address such as grpc:/);
    await assert.rejects(open({ url: "grpc://169.254.169.254:80" }), { code: "adapter.address_refused" });
    await assert.rejects(open({ url: "grpc://127.0.0.1:1" }), {
      code: "adapter.unreachable",
      message: /at grpc:\/\/127\.0\.0\.1:1 \(connect ECONNREFUSED 127\.0\.0\.1:1\)/,
    });
    await assert.rejects(open({ protos: ["/no/such.proto"] }), /cannot be read/);
    const folder = mkdtempSync(join(tmpdir(), "tutti-grpc-"));
    const unknown = join(folder, "unknown.proto");
    writeFileSync(unknown, 'syntax = "proto3"; service Shop { rpc Find(Gone) returns (Gone); }');
    await assert.rejects(open({ protos: [unknown] }), /cannot be read: no such type: Gone/);
    rmSync(folder, { recursive: true });
    await assert.rejects(open({ protos: [proto], only: ["pay-*"] }), /none of the requested methods/);
  });
});
