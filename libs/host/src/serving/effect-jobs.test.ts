import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Command } from "@tutti/kernel";
import { testFoundation } from "@tutti/kernel/testing";
import type { Submission } from "@tutti/runtime";
import { EffectJobs } from "./effect-jobs.ts";

describe("an errand", () => {
  it("runs again if it is requested again before the withdrawn run has ended", async () => {
    const submissions: Submission[] = [];
    const runtime = {
      submit(submission: Submission) {
        submissions.push(submission);
        submission.reply({ kind: "done", reply: {} });
      },
    };
    const cause = { actor: undefined, traceparent: "", decision: "", reason: "" };
    const jobs = new EffectJobs({ runtime, foundation: testFoundation(), cause });
    const token = { partition: 0, incarnation: 1, number: 2, attempt: 1 };
    const ends: (() => void)[] = [];
    const attempt = () =>
      new Promise<{ command: Command<never>; body: object }>((resolve) =>
        ends.push(() => resolve({ command: {} as Command<never>, body: {} })),
      );
    const refuse = () => ({ command: {} as Command<never>, body: {} });
    jobs.startJob({ token }, attempt, refuse);
    jobs.startJob({ token }, attempt, refuse);
    assert.equal(ends.length, 1);
    jobs.withdraw(token);
    jobs.startJob({ token }, attempt, refuse);
    assert.equal(ends.length, 2);
    for (const end of ends) end();
    await jobs.stop();
    assert.ok(submissions.length > 0);
  });
});
