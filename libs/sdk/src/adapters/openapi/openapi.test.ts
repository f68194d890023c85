import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseDocument, readDocument } from "./document.ts";
import { importOperations, openApiAdapter } from "./openapi.ts";

const shop = `
openapi: 3.0.3
info: {title: Shop, version: 1.4.0}
servers: [{url: "https://{region}.shop.test/v1", variables: {region: {default: eu}}}]
paths:
  /orders:
    get:
      operationId: listOrders
      parameters:
        - {name: state, in: query, schema: {type: array, items: {type: string}}}
      responses: {"200": {content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Order"}}}}}}
    post:
      operationId: orders/create
      summary: Creates an order.
      parameters:
        - {name: Idempotency-Key, in: header, schema: {type: string}}
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}
      responses: {"201": {description: made}}
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    delete: {responses: {"204": {description: gone}}}
    put:
      requestBody: {content: {application/weird: {schema: {type: object}}}}
      responses: {}
    patch:
      parameters: [{$ref: "other.yaml#/p"}]
      responses: {}
components:
  schemas:
    Order:
      type: object
      required: [article]
      properties:
        article: {type: string}
        count: {type: integer, minimum: 0, exclusiveMinimum: true}
        note: {type: string, nullable: true}
        parts: {type: array, items: {$ref: "#/components/schemas/Order"}}
`;

describe("operations of an OpenAPI document", () => {
  const adapter = openApiAdapter({ name: "shop", document: shop });

  it("have names, self-contained schemas, and the rule for repeated calls", () => {
    assert.deepEqual(Object.keys(adapter.operations), ["list-orders", "orders.create", "delete-orders-id"]);
    const create = adapter.operations["orders.create"];
    assert.equal(create?.repeat, "key");
    assert.equal(create?.description, "Creates an order.");
    assert.deepEqual(create?.input, {
      type: "object",
      properties: { body: { $ref: "#/$defs/Order" } },
      required: ["body"],
      $defs: {
        Order: {
          type: "object",
          required: ["article"],
          properties: {
            article: { type: "string" },
            count: { type: "integer", exclusiveMinimum: 0 },
            note: { anyOf: [{ type: "string" }, { type: "null" }] },
            parts: { type: "array", items: { $ref: "#/$defs/Order" } },
          },
        },
      },
    });
    assert.equal(adapter.version, "1.4.0");
  });

  it("that cannot be imported are listed with a reason", () => {
    assert.deepEqual(
      adapter.refused.map(({ operation }) => operation),
      ["PUT /orders/{id}", "PATCH /orders/{id}"],
    );
    assert.match(adapter.refused[0]?.reason ?? "", /application\/weird/);
    assert.match(adapter.refused[1]?.reason ?? "", /another document/);
  });

  it("have the server, the parameters and the forms that the document describes", () => {
    const stripe = `
openapi: 3.2.0
servers: [{url: "https://api.test"}]
paths:
  /files:
    servers: [{url: "https://files.test/v1"}]
    post:
      requestBody: {content: {application/vnd.parcel: {schema: {$ref: "#/components/schemas/Bytes"}}}}
    additionalOperations: {COPY: {}}
  /prices/{id}:
    get: {parameters: [{name: id, in: path, style: matrix, explode: true}]}
    query: {responses: {}}
    post:
      requestBody:
        content: {application/x-www-form-urlencoded: {encoding: {tiers: {style: deepObject}, note: {}}}}
components: {schemas: {Bytes: {type: string, format: binary}}}
`;
    const { operations, refused } = importOperations(parseDocument("x", `\uFEFF${stripe}`), {});
    assert.deepEqual(operations["post-files"]?.body, { type: "bytes", mediaType: "application/vnd.parcel" });
    assert.equal(operations["post-files"]?.url, "https://files.test/v1");
    assert.deepEqual(operations["get-prices-id"]?.parameters, {
      id: { in: "path", name: "id", style: "matrix", explode: true },
    });
    assert.deepEqual(operations["query-prices-id"]?.input, {
      ...{ type: "object", properties: { id: { type: ["string", "number"] } }, required: ["id"] },
    });
    assert.deepEqual(operations["post-prices-id"]?.body?.styles, { tiers: { style: "deepObject" } });
    assert.deepEqual(refused, [{ operation: "COPY /files", reason: "the method is `COPY`" }]);
  });

  it("are chosen by patterns", () => {
    const some = openApiAdapter({ name: "shop", document: shop, only: ["orders.*"] });
    assert.deepEqual(Object.keys(some.operations), ["orders.create"]);
  });

  const layers = "abcdefghi".split("").map((name, index, all) => {
    const inner = index === 0 ? "lol" : `*${all[index - 1]}`;
    return `${name}: &${name} [${Array.from({ length: 9 }, () => inner).join(", ")}]`;
  });
  it("names a file that cannot be read", () =>
    assert.rejects(readDocument("/nowhere/shop.yaml"), {
      code: "adapter.invalid",
      message: /`\/nowhere\/shop\.yaml` is not usable: the file cannot be read/,
    }));

  it("names a folder in the place of a file, and a server that does not listen", async () => {
    await assert.rejects(readDocument("/"), { code: "adapter.invalid", message: /the file cannot be read/ });
    await assert.rejects(readDocument("http://127.0.0.1:1/shop.yaml"), {
      code: "adapter.unreachable",
      message: /no server listens at 127\.0\.0\.1:1/,
    });
  });

  for (const [title, document, problem] of [
    ["Swagger 2", '{"swagger": "2.0"}', /got Swagger 2/],
    ["a bomb of aliases", `openapi: 3.1.0\n${layers.join("\n")}`, /cannot be read/],
    ["nested brackets", `openapi: 3.1.0\nx: ${"[".repeat(100_000)}`, /nested more than 256 deep/],
    [
      "references to another machine alone",
      '{"openapi": "3.1.0", "servers": [{"url": "http://a.example"}], "paths": {"/a": {"$ref": "http://127.0.0.1:1/x"}}}',
      /`GET \/a` because `http:\/\/127\.0\.0\.1:1\/x` is another document/,
    ],
    ["half a document", '{"openapi": "3.1', /cannot be read/],
    [
      "no host",
      '{"openapi": "3.1.0", "paths": {}, "servers": [{"url": "/v1"}]}',
      /names no server with a host/,
    ],
    ["no server", '{"openapi": "3.1.0", "paths": {}}', /names no server/],
  ] as const)
    it(`refuses ${title}`, () => {
      assert.throws(() => openApiAdapter({ name: "x", document }), {
        code: "adapter.invalid",
        message: problem,
      });
    });
});
