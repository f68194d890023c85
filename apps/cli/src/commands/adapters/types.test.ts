import assert from "node:assert/strict";
import { stripTypeScriptTypes } from "node:module";
import { describe, it } from "node:test";
import { typescriptOf } from "./types.ts";

describe("types of an adapter", () => {
  it("follow from its schemas", () => {
    const order = {
      type: "object",
      required: ["id"],
      properties: {
        id: { type: "string" },
        cents: { type: ["integer", "null"] },
        state: { enum: ["OPEN", "PAID"] },
        "placed-at": { const: 1 },
        parts: { type: "array", items: { $ref: "#/$defs/shop.v1.Order" } },
        labels: { type: "object", additionalProperties: { type: "string" } },
        payment: { oneOf: [{ type: "string" }, { allOf: [{ type: "number" }, {}] }] },
        nothing: { type: "object", additionalProperties: false },
      },
    };
    const input = { ...order, $defs: { "shop.v1.Order": order } };
    const text = typescriptOf("shop", [{ operation: "orders.place", input, output: true }]);
    const typed =
      '{ id: string; cents?: number | null; state?: "OPEN" | "PAID"; "placed-at"?: 1; ' +
      "parts?: readonly (OrdersPlaceShopV1Order)[]; labels?: Readonly<Record<string, string>>; " +
      "payment?: (string | (number & unknown)); nothing?: Record<string, never> }";
    assert.deepEqual(text.split("\n"), [
      'import { capability } from "@tutti/sdk/workflow";',
      "",
      `export type OrdersPlaceInput = ${typed};`,
      "export type OrdersPlaceOutput = unknown;",
      `export type OrdersPlaceShopV1Order = ${typed};`,
      'export const ordersPlace = capability<OrdersPlaceInput, OrdersPlaceInput, OrdersPlaceOutput>("shop.orders.place");',
    ]);
    assert.doesNotThrow(() => stripTypeScriptTypes(text));
  });

  it("have names that a module can declare, each once", () => {
    const input = { $ref: "#/$defs/input", $defs: { input: { type: "object" } } };
    const typed = ["delete", "capability", "get-order", "getOrder"].map((operation) => ({
      ...{ operation, input, output: true },
    }));
    const text = typescriptOf("shop", typed);
    assert.doesNotThrow(() => stripTypeScriptTypes(text));
    const names = [...text.matchAll(/export (?:const|type) (\w+)/g)].map(([, name]) => name);
    assert.deepEqual(names.length, new Set(names).size);
    assert.match(text, /export const delete2 = capability<DeleteInput, DeleteInput, DeleteOutput>/);
  });

  it("have the parameters of a statement, which have no schema", () => {
    const input = { type: "object", required: ["article", "about"] };
    const text = typescriptOf("shop", [{ operation: "add", input, output: true }]);
    assert.match(text, /type AddInput = \{ article: unknown; about: unknown \};/);
  });
});
