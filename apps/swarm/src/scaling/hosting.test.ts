import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import type { EffectToken } from "@tutti/runtime";
import { type MissionDoers, MissionEffects } from "../missions/mission-effects.ts";
import { tendPools } from "./hosting.ts";

describe("effects of missions behind those of pools", () => {
  const token: EffectToken = { partition: 3, incarnation: 1, number: 7, attempt: 1 };

  it("are released where their partition leaves, and withdrawn only where they are not wanted", () => {
    const heard: string[] = [];
    const effects = new MissionEffects({ notes: new Map(), handle: () => {} });
    effects.begin({
      dispatcher: {
        offer: () => heard.push("offer"),
        withdraw: () => heard.push("withdraw"),
        release: () => heard.push("release"),
      },
      errands: { withdraw: () => {} },
      starts: { startChild: () => heard.push("start") },
    } as unknown as MissionDoers);
    const tended = tendPools(effects, async () => {}, silentLogger);
    tended.release([token]);
    assert.deepEqual(heard, ["release"]);
    tended.withdraw([token]);
    assert.deepEqual(heard, ["release", "withdraw"]);
    assert.equal(tended.eventListener, effects.eventListener);
  });
});
