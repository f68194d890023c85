import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { analysisCommand, analysisPath } from "./queries.ts";
import { analysisSearch } from "./search.ts";

describe("the query of an analysis", () => {
  it("is kept in the address, without the default time range", () => {
    assert.deepEqual(analysisSearch({ span: "7d", workflow: "order", x: 1 }), {
      span: "7d",
      workflow: "order",
    });
    assert.deepEqual(analysisSearch({ span: "24h", workflow: "" }), {});
    assert.deepEqual(analysisSearch({ span: "1y" }), {});
  });

  it("is the same as a call and as a command", () => {
    const search = { span: "1h", workflow: "order" } as const;
    const atMs = 3_600_007;
    const table = [
      [
        "bottlenecks",
        "bottlenecks?definition=order&count=20&fromMs=7",
        "bottlenecks --workflow order --since 1h",
      ],
      ["causes", "causes?errorCode=*&fromMs=7", "causes --since 1h"],
      ["slow", "causes?slowDefinition=order&fromMs=7", "causes --slow-runs order --since 1h"],
      ["patterns", "patterns?definition=order&fromMs=7", "patterns --workflow order --since 1h"],
      ["profile", "profiles/order?fromMs=7", "profile order --since 1h"],
    ] as const;
    for (const [part, path, command] of table) {
      assert.equal(analysisPath(part, search, atMs), `/v1/analysis/${path}`);
      assert.equal(analysisCommand(part, search), `tutti analysis ${command}`);
    }
    assert.equal(analysisCommand("patterns", {}), "tutti analysis patterns --since 24h");
  });
});
