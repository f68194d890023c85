import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ReadExperienceReply } from "@tutti/contracts/intelligence/v1";
import { silentLogger } from "@tutti/kernel";
import { Learned } from "./learned.ts";

/** A service with the end of one attempt, which may be unavailable. */
function learnedFrom() {
  const service = { isAway: false, nowMs: 0 };
  const outcomes = [{ capability: "pay", runMs: 1_000 }];
  const learned = new Learned({
    estimates: {
      readExperience: ({ count = 0 }) =>
        service.isAway
          ? Promise.reject(new Error("no connection"))
          : Promise.resolve(
              ReadExperienceReply.fromPartial({ count: 1, outcomes: count === 0 ? outcomes : [] }),
            ),
    },
    clock: { monotonic: () => service.nowMs },
    logger: silentLogger,
  });
  const medianMs = async () => {
    const { times } = await learned.of("shop");
    const pay = { capability: "pay\n\n\n", agentId: "", inputBytes: 0 };
    return Math.round(times.estimate(pay)?.medianMs ?? 0);
  };
  return { service, learned, medianMs };
}

describe("estimates while their service does not reply", () => {
  it("are the last known estimates, with their age, until the service replies again", async () => {
    const { service, learned, medianMs } = learnedFrom();
    assert.deepEqual([await medianMs(), learned.absence("shop")], [1_000, undefined]);
    service.isAway = true;
    service.nowMs = 90_000;
    assert.equal(await medianMs(), 1_000);
    assert.equal(
      learned.absence("shop"),
      "the service of estimates does not reply, and the known estimates are 90 s old",
    );
    service.isAway = false;
    service.nowMs += 1_000;
    assert.deepEqual([await medianMs(), learned.absence("shop")], [1_000, undefined]);
  });

  it("are zero if no estimates were read before", async () => {
    const { service, learned, medianMs } = learnedFrom();
    assert.equal(learned.absence("shop"), undefined);
    service.isAway = true;
    assert.equal(await medianMs(), 0);
    assert.match(learned.absence("shop") ?? "", /does not reply, and no estimates were read before$/);
  });
});
