import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as settled } from "node:timers/promises";
import type { AuditRecord } from "@tutti/contracts/governance/v1";
import { Cause } from "@tutti/contracts/types/v1";
import { silentLogger, TuttiError } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { type EdgeAction, Reports } from "./reports.ts";

const done = (id: string): EdgeAction => ({
  ...{ action: "gateway.sign_ins.begin", namespace: "shop", address: "10.0.0.9" },
  work: { namespace: "shop", kind: "sign_in", id, task: "" },
  cause: Cause.fromPartial({ reason: "by key" }),
});

describe("a completed action at an edge", () => {
  /** @param answerTo answers at once. Without it, the test answers each */
  function setup(answerTo?: (records: readonly AuditRecord[]) => void) {
    const time = new VirtualTime();
    const accepted: string[] = [];
    const answers: PromiseWithResolvers<void>[] = [];
    const reports = new Reports({
      foundation: { clock: time, timers: time, logger: silentLogger },
      sink: {
        decisions: async () => {},
        refusals: async (records: readonly AuditRecord[]) => {
          const answer = Promise.withResolvers<void>();
          answers.push(answer);
          if (answerTo === undefined) await answer.promise;
          else answerTo(records);
          accepted.push(...records.map(({ work }) => work?.id ?? ""));
        },
      },
      ...{ instance: "proc-1", newId: () => "dec-1", everyMs: 5_000, bundle: () => 1 },
    });
    return { time, accepted: accepted, answers, reports };
  }

  it("is reported at once, and its caller waits until it is recorded", async () => {
    const { accepted, answers, reports } = setup();
    let outcome: string | undefined;
    const recording = reports.done(done("one")).then((recorded) => {
      outcome = recorded;
    });
    await settled();
    assert.deepEqual([answers.length, outcome], [1, undefined]);
    answers[0]?.resolve();
    await recording;
    assert.deepEqual([accepted, outcome], [["one"], "recorded"]);
  });

  it("is reported as not recorded as soon as that is known, and is handed on later all the same", async () => {
    const { time, accepted, answers, reports } = setup();
    const recording = reports.done(done("one"));
    await settled();
    answers[0]?.reject(new Error("governance is away"));
    assert.equal(await recording, "undelivered");
    await settled();
    time.advance(5_000);
    await settled();
    answers[1]?.resolve();
    await settled();
    assert.deepEqual(accepted, ["one"]);
  });

  it("blocks its caller at most for the timeout of a report", async () => {
    const { time, reports } = setup();
    const recording = reports.done(done("one"));
    await settled();
    time.advance(10_000);
    assert.equal(await recording, "undelivered");
  });

  it("is recorded even if the receiver rejects another record of the batch, which is dropped", async () => {
    const wrong = new TuttiError({ code: "mesh.invalid_request", status: "INVALID_ARGUMENT", message: "x" });
    const isWrong = ({ work }: AuditRecord) => work?.id.startsWith("-");
    const { accepted, reports } = setup((records) => {
      if (records.some(isWrong)) throw wrong;
    });
    const ids = ["one", "-two", "three", "four", "-five"];
    const outcomes = await Promise.all(ids.map((id) => reports.done(done(id))));
    assert.deepEqual(outcomes, ["recorded", "left_out", "recorded", "recorded", "left_out"]);
    assert.deepEqual(accepted, ["one", "three", "four"]);
    assert.equal(await reports.done(done("six")), "recorded");
  });

  it("still has room while the receiver is unavailable and many actions fail to start", async () => {
    const { time, answers, reports } = setup();
    let failed = 0;
    const start = async (id: string) => {
      const recorded = await reports.done(done(id), true);
      // Like a sign-in that reports its failure.
      if (recorded === "undelivered") void reports.done(done(`end of ${id}`));
      failed++;
    };
    for (let round = 0; round < 3; round++) {
      const before = failed;
      for (let number = 0; number < 5_000; number++) void start(`${round}-${number}`);
      await settled();
      for (const answer of answers) answer.reject(new Error("governance is away"));
      time.advance(10_000);
      await settled();
      assert.equal(failed - before, 5_000);
    }
    let ended: string | undefined;
    void reports.done(done("a sign-in that was good")).then((recorded) => {
      ended = recorded;
    });
    await settled();
    assert.equal(ended, undefined);
    time.advance(10_000);
    await settled();
    assert.equal(ended, "undelivered");
  });

  it("is reported as not recorded if more waits than may", async () => {
    const { reports } = setup();
    for (let number = 0; number < 9_001; number++) void reports.done(done(`${number}`));
    assert.equal(await reports.done(done("one more")), "left_out");
  });
});
