import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import type { EffectToken } from "@tutti/runtime";
import { type MissionDoers, MissionEffects } from "../missions/mission-effects.ts";
import { tendPools } from "./hosting.ts";

describe("mission effects behind pool effects", () => {
  const token: EffectToken = { partition: 3, incarnation: 1, number: 7, attempt: 1 };

  it("are released when their partition leaves, and withdrawn only when they are no longer needed", () => {
    const calls: string[] = [];
    const effects = new MissionEffects({ notes: new Map(), handle: () => {} });
    effects.setDoers({
      dispatcher: {
        offer: () => calls.push("offer"),
        withdraw: () => calls.push("withdraw"),
        release: () => calls.push("release"),
      },
      effectJobs: { withdraw: () => {} },
      starts: { startChild: () => calls.push("start") },
    } as unknown as MissionDoers);
    const tended = tendPools(effects, async () => {}, silentLogger);
    tended.release([token]);
    assert.deepEqual(calls, ["release"]);
    tended.withdraw([token]);
    assert.deepEqual(calls, ["release", "withdraw"]);
    assert.equal(tended.eventListener, effects.eventListener);
  });
});
