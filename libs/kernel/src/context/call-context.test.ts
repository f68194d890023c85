import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testContext } from "../testing/test-context.ts";
import { type CallContext, contextWith } from "./call-context.ts";

describe("a context with some of it otherwise", () => {
  it("keeps all other properties, including getters", () => {
    const own = testContext({ idempotencyKey: "k", ownerEpoch: 3 });
    class Served {
      get signal(): AbortSignal {
        return own.signal;
      }
    }
    const { signal: _, ...rest } = own;
    const served = Object.assign(new Served(), rest) as CallContext;
    const principal = { kind: "agent", id: "ann", roles: [] } as const;
    assert.deepEqual(contextWith(served, { principal }), { ...own, principal });
    assert.equal(contextWith(served, {}).signal, own.signal);
  });
});
