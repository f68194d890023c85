import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Scaler } from "@tutti/rest/types";
import { idleAmong } from "./applied.ts";

describe("applied adapters that no worker offers", () => {
  it("are those of scalers with an adapter, each with its problem", () => {
    const scaler = (scalerId: string, more: object) =>
      ({ scalerId, labels: { "tutti-adapter": scalerId }, ...more }) as unknown as Scaler;
    const scalers = [
      scaler("shop", { status: { error: { message: "The secret env:SHOP_DB cannot be read." } } }),
      scaler("bank", { paused: true }),
      scaler("mail", {}),
      scaler("stock", { status: { error: { message: "an earlier start failed" } } }),
      scaler("crew", { labels: {} }),
    ];
    const offered = [{ name: "stock", version: "1.0.0", workers: 1, operations: [] }];
    assert.deepEqual(
      idleAmong(scalers, offered).map(({ name, problem }) => `${name}: ${problem}`),
      ["shop: The secret env:SHOP_DB cannot be read.", "bank: paused", "mail: starting"],
    );
  });
});
