import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Explanation, Scaler } from "@tutti/rest/types";
import { explainedByAdapters, idleAmong } from "./applied.ts";

describe("applied adapters that no worker offers", () => {
  it("are the adapters of scalers, each with its problem", () => {
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

const empty = { candidates: [], failures: [], parts: [] };
const waiting = (subject: string): Explanation => ({
  ...{ ...empty, summary: "It waits." },
  waits: [{ cause: "no_capability", subject, present: true, holders: [] }],
  remedies: [{ text: `start a worker that offers ${subject}` }],
});
const shop = { ...{ name: "shop", version: "", workers: 0, operations: [] }, problem: "no such file." };

describe("an applied adapter in `tutti why`", () => {
  it("is named with its problem, in place of the advice to start a worker", () => {
    const { remedies, parts } = explainedByAdapters(
      { ...waiting("shop.add"), parts: [waiting("shop.add")] },
      [shop, { ...shop, name: "bank" }],
    );
    assert.deepEqual([remedies, parts[0]?.remedies], [[], []]);
    assert.deepEqual(
      parts.map(({ summary }) => summary),
      ["It waits.", "The adapter `shop` is applied and does not run: no such file."],
    );
    assert.equal(parts[1]?.remedies[0]?.command, "tutti scaler show shop");
  });

  it("is absent for the capability of a worker", () => {
    const explanation = waiting("shopping.add");
    assert.equal(explainedByAdapters(explanation, [shop]), explanation);
  });
});
