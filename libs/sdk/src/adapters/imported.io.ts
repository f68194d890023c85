/** Operations that documents and servers describe: GraphQL by introspection, AsyncAPI, documents at an address. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  type AdapterCall,
  asyncApiAdapter,
  introspectedGraphql,
  openApiAdapter,
  readDocument,
} from "@tutti/sdk/adapters";
import { buildSchema, graphql } from "graphql";

const call = (): AdapterCall => ({
  ...{ idempotencyKey: "run-1/add", signal: new AbortController().signal },
  secret: async (reference) => `value of ${reference}`,
});

describe("a GraphQL API by introspection", () => {
  const schema = buildSchema(`
    "Anything with a price"
    interface Priced { cents: Int! }
    enum State { OPEN PAID }
    type Part implements Priced { cents: Int! name: String! of: Order }
    type Note { text: String! }
    union Extra = Part | Note
    type Order implements Priced {
      id: ID! cents: Int! state: State parts: [Part!]! extras: [Extra!]
      history(since: String!): [String!] log(size: Int = 10): [String!] old: Int @deprecated
    }
    input NewPart { name: String! cents: Int! = 5 parts: [NewPart!] }
    type Viewer { log(since: String!): Int }
      type Query { order(id: ID!): Order now: Float viewer: Viewer }
    type Mutation { "Places an order." placeOrder(parts: [NewPart!]!, state: State): Order!
        dropOrder(id: ID!): Boolean @deprecated(reason: "use cancelOrder") }
  `);
  const placed: unknown[] = [];
  const keys: (string | undefined)[] = [];
  const order = (id: string) => ({
    ...{ id, cents: 7, state: "OPEN", log: ["placed"] },
    parts: [{ cents: 5, name: "string", of: { id, cents: 7, parts: [] } }],
    extras: [
      { __typename: "Note", text: "fragile" },
      { __typename: "Part", cents: 2, name: "peg" },
    ],
  });
  const rootValue = {
    order: ({ id }: { id: string }) => (id === "none" ? null : order(id)),
    now: () => 1.5,
    viewer: () => ({}),
    placeOrder: (input: unknown) => {
      placed.push(input);
      return order("o-2");
    },
  };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    if (request.headers.authorization !== "Bearer value") return void response.writeHead(401).end("{}");
    keys.push(request.headers["idempotency-key"] as string | undefined);
    const { query, variables } = JSON.parse(body) as { query: string; variables?: Record<string, unknown> };
    const answer = await graphql({ schema, source: query, rootValue, variableValues: variables ?? {} });
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  let url: string;
  const token = "TUTTI_TEST_GRAPHQL_TOKEN";

  before(async () => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
    process.env[token] = "value";
  });
  after(() => {
    delete process.env[token];
    server.close();
    server.closeAllConnections();
  });
  const imported = (more: object = {}) =>
    introspectedGraphql({
      ...{ name: "shop", url, auth: { bearer: `env:${token}` }, idempotencyHeader: "Idempotency-Key" },
      ...more,
    });
  const asTask = (): AdapterCall => ({ ...call(), secret: async () => "value" });

  it("has a typed operation for each field", async () => {
    const shop = await imported();
    assert.deepEqual(
      Object.entries(shop.operations).map(([name, { repeat }]) => [name, repeat]),
      [
        ["order", "safe"],
        ["now", "safe"],
        ["viewer", "safe"],
        ["place-order", "key"],
        ["drop-order", "key"],
      ],
    );
    assert.equal(shop.operations["drop-order"]?.description, "Deprecated: use cancelOrder.");
    const found = await shop.operations["order"]?.call({ id: "o-1" }, asTask());
    assert.deepEqual(JSON.parse(JSON.stringify(found)), {
      ...{ id: "o-1", cents: 7, state: "OPEN", log: ["placed"] },
      parts: [{ cents: 5, name: "string", of: { id: "o-1", cents: 7, state: null, log: null } }],
      extras: [
        { __typename: "Note", text: "fragile" },
        { __typename: "Part", cents: 2, name: "peg" },
      ],
    });
    assert.equal(await shop.operations["order"]?.call({ id: "none" }, asTask()), null);
    assert.equal(await shop.operations["now"]?.call({}, asTask()), 1.5);
    assert.deepEqual(
      { ...((await shop.operations["viewer"]?.call({}, asTask())) as object) },
      {
        __typename: "Viewer",
      },
    );
    const input = { parts: [{ name: "bow", parts: [{ name: "hair" }] }], state: "PAID" };
    await shop.operations["place-order"]?.call(input, asTask());
    assert.deepEqual(JSON.parse(JSON.stringify(placed)), [
      { parts: [{ name: "bow", cents: 5, parts: [{ name: "hair", cents: 5 }] }], state: "PAID" },
    ]);
    assert.equal(keys.at(-1), "run-1/add");
    const { description, input: inputSchema } = shop.operations["place-order"] ?? {};
    assert.equal(description, "Places an order.");
    assert.deepEqual((inputSchema as { required: unknown }).required, ["parts"]);
    shop.close?.();
  });

  it("rejects an import without a matching field or without its token", async () => {
    await assert.rejects(imported({ only: ["pay-*"] }), /none of the requested fields/);
    await assert.rejects(imported({ auth: { bearer: "env:TUTTI_TEST_NO_TOKEN" } }));
    assert.deepEqual(Object.keys((await imported({ only: ["ord*"] })).operations), ["order"]);
  });

  it("is read from an address as documents of OpenAPI are from a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tutti-documents-"));
    const text = JSON.stringify({
      ...{ openapi: "3.1.0", info: { version: "1.0.0" }, servers: [{ url: "https://shop.example" }] },
      paths: { "/orders": { get: { operationId: "listOrders", responses: {} } } },
    });
    writeFileSync(join(folder, "shop.json"), text);
    const relative = text.replace("https://shop.example", "/v1");
    const bodies = new Map<string, string>([
      ...[["/shop.json", text] as const, ["/relative.json", relative] as const],
      ...[["/none/shop.json", text.replace(/"servers":\[.*?\],/, "")] as const],
      ...[["/orders", "[0]"] as const, ["/v1/orders", "[1]"] as const],
    ]);
    const host = createServer((request, response) => {
      const body = bodies.get(String(request.url));
      if (body === undefined) response.writeHead(404).end();
      else response.setHeader("content-type", "application/json").end(body);
    });
    await once(host.listen(0, "127.0.0.1"), "listening");
    const address = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
    try {
      for (const place of [join(folder, "shop.json"), `${address}/shop.json`]) {
        const document = await readDocument(place);
        assert.deepEqual(Object.keys(openApiAdapter({ name: "shop", document }).operations), ["list-orders"]);
      }
      // As with FastAPI, a document without servers belongs to the address that serves it.
      for (const [path, orders] of [
        ["/none/shop.json", [0]],
        ["/relative.json", [1]],
      ] as const) {
        const documentUrl = `${address}${path}`;
        const shop = openApiAdapter({ name: "shop", documentUrl, document: await readDocument(documentUrl) });
        assert.deepEqual(await shop.operations["list-orders"]?.call({}, call()), orders);
        shop.close?.();
      }
      await assert.rejects(readDocument(`${address}/none.json`), /answers 404/);
      await assert.rejects(readDocument("http://169.254.169.254/x"), { code: "adapter.address_refused" });
    } finally {
      rmSync(folder, { recursive: true });
      host.close();
      host.closeAllConnections();
    }
  });
});

describe("an AsyncAPI document", () => {
  const schemas = { Order: { type: "object", required: ["id"], properties: { id: { type: "string" } } } };
  const second = {
    asyncapi: "2.6.0",
    servers: { main: { url: "nats://shop.example", protocol: "nats" } },
    channels: {
      "orders/{team}/placed": {
        publish: {
          operationId: "placeOrder",
          summary: "Places it.",
          message: { $ref: "#/components/messages/order" },
        },
        subscribe: { operationId: "orderPlaced", message: { payload: {} } },
      },
      "orders/avro": {
        publish: { message: { schemaFormat: "application/vnd.apache.avro;version=1.9.0", payload: {} } },
      },
    },
    components: { schemas, messages: { order: { payload: { $ref: "#/components/schemas/Order" } } } },
  };
  const third = {
    asyncapi: "3.0.0",
    servers: { kafka: { protocol: "kafka" }, cache: { host: "shop.example", protocol: "redis" } },
    channels: {
      placed: {
        address: "orders:{team}",
        messages: { order: { payload: { $ref: "#/components/schemas/Order" } } },
      },
      nowhere: { address: null },
    },
    operations: {
      placeOrder: { action: "receive", channel: { $ref: "#/channels/placed" } },
      orderPlaced: { action: "send", channel: { $ref: "#/channels/placed" } },
      lost: { action: "receive", channel: { $ref: "#/channels/nowhere" } },
    },
    components: { schemas },
  };
  const url = "env:SHOP_BUS" as const;

  it("of version 2 or 3 becomes operations, sources and a list of the rest", () => {
    const nats = asyncApiAdapter({ name: "shop", url, document: JSON.stringify(second) });
    assert.deepEqual(Object.keys(nats.operations), ["place-order"]);
    const input = nats.operations["place-order"]?.input as Record<string, unknown> | undefined;
    const { properties, required } = input ?? {};
    assert.deepEqual(required, ["team", "data"]);
    assert.deepEqual(properties, { team: { type: ["string", "integer"] }, data: { $ref: "#/$defs/Order" } });
    assert.deepEqual(nats.received, [{ operation: "order-placed", address: "orders/{team}/placed" }]);
    assert.equal(nats.refused.length, 1);
    assert.match(nats.refused[0]?.reason ?? "", /avro/);

    const redis = asyncApiAdapter({ name: "shop", url, document: third });
    assert.deepEqual(Object.keys(redis.operations), ["place-order"]);
    assert.deepEqual(redis.received, [{ operation: "order-placed", address: "orders:{team}" }]);
    assert.deepEqual(redis.refused, [{ operation: "lost", reason: "its channel has no address" }]);
  });

  it("lists messages that it cannot send, and waits for a reply if one is declared", () => {
    const of = (message: object, more: object = {}, protocol = "nats") =>
      asyncApiAdapter({
        ...{ name: "shop", url },
        document: {
          ...{ asyncapi: "3.0.0", servers: { a: { protocol } } },
          channels: {
            plain: { address: "plain", messages: {} },
            own: { address: "own", messages: { message } },
          },
          operations: {
            plain: { action: "receive", channel: { $ref: "#/channels/plain" } },
            own: { action: "receive", channel: { $ref: "#/channels/own" }, ...more },
          },
        },
      });
    const reasons = ({ refused }: { refused: readonly { reason: string }[] }) =>
      refused.map(({ reason }) => reason);
    assert.deepEqual(reasons(of({ contentType: "application/avro" })), ["its content is `application/avro`"]);
    assert.deepEqual(reasons(of({ headers: { required: ["tenant"] } })), ["it needs the headers tenant"]);
    assert.deepEqual(reasons(of({}, { reply: {} }, "redis")), ["it has a reply"]);
    assert.deepEqual(reasons(of({ contentType: "application/json" }, { reply: {} })), []);
  });

  it("is refused with the reason", () => {
    const open = (document: object | string) => () =>
      asyncApiAdapter({ name: "shop", url, document: document as string });
    assert.throws(open("openapi: 3.1.0"), /expected `asyncapi` 2 or 3, got none/);
    assert.throws(
      open({ ...third, servers: { a: { protocol: "kafka" } } }),
      /protocol nats or redis, got kafka/,
    );
    assert.throws(open({ ...third, operations: {} }), /receives none of the requested messages/);
  });
});
