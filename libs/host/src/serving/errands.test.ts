import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Command } from "@tutti/kernel";
import { testFoundation } from "@tutti/kernel/testing";
import type { Submission } from "@tutti/runtime";
import { Errands } from "./errands.ts";

describe("an errand", () => {
  it("runs again when it is wanted again before the one that was withdrawn has ended", async () => {
    const told: Submission[] = [];
    const runtime = {
      submit(submission: Submission) {
        told.push(submission);
        submission.reply({ kind: "done", reply: {} });
      },
    };
    const cause = { actor: undefined, traceparent: "", decision: "", reason: "" };
    const errands = new Errands({ runtime, foundation: testFoundation(), cause });
    const token = { partition: 0, incarnation: 1, number: 2, attempt: 1 };
    const ends: (() => void)[] = [];
    const attempt = () =>
      new Promise<{ command: Command<never>; body: object }>((resolve) =>
        ends.push(() => resolve({ command: {} as Command<never>, body: {} })),
      );
    const refuse = () => ({ command: {} as Command<never>, body: {} });
    errands.begin({ token }, attempt, refuse);
    errands.begin({ token }, attempt, refuse);
    assert.equal(ends.length, 1);
    errands.withdraw(token);
    errands.begin({ token }, attempt, refuse);
    assert.equal(ends.length, 2);
    for (const end of ends) end();
    await errands.stop();
    assert.ok(told.length > 0);
  });
});
