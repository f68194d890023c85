import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { Claims } from "./claims.ts";

const uses = [{ quotaId: "licences", name: "licence", used: 2, wanted: 0 }];

describe("what pools say of what they use", () => {
  it("is added up over pools, of one namespace alone", () => {
    const claims = new Claims(new VirtualTime());
    claims.note("default", "day", uses);
    claims.note("default", "night", uses);
    claims.note("other", "day", uses);
    assert.deepEqual(claims.usedOf("default", "licences"), { licence: 4 });
    assert.deepEqual(claims.usedOf("default", "gpus"), {});
  });

  it("is nothing any more where a pool has not said anything for a minute, also where no other one has", () => {
    const time = new VirtualTime();
    const claims = new Claims(time);
    claims.note("default", "day", uses);
    time.advance(60_001);
    assert.deepEqual(claims.usedOf("default", "licences"), {});
  });
});
