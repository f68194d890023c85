import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { Claims } from "./claims.ts";

const uses = [{ quotaId: "licences", name: "licence", used: 2, wanted: 0 }];

describe("the reported use of pools", () => {
  it("is summed over the pools of one namespace", () => {
    const claims = new Claims(new VirtualTime());
    claims.record("default", "day", uses);
    claims.record("default", "night", uses);
    claims.record("other", "day", uses);
    assert.deepEqual(claims.usedOf("default", "licences"), { licence: 4 });
    assert.deepEqual(claims.usedOf("default", "gpus"), {});
  });

  it("expires if a pool reports nothing for a minute, even if it is the only pool", () => {
    const time = new VirtualTime();
    const claims = new Claims(time);
    claims.record("default", "day", uses);
    time.advance(60_001);
    assert.deepEqual(claims.usedOf("default", "licences"), {});
  });
});
