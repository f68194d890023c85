import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { BuiltCommand } from "./support/command.ts";

const clone = join(import.meta.dirname, "..", "..", "..");

describe("tutti demo agents", () => {
  it("kills the worker during an answer: each recorded answer is requested once, and one refund is made", async () => {
    using command = await BuiltCommand.build();
    const { exitCode, output, errors } = await command.run(["demo", "agents", "--json"], { cwd: clone });
    assert.equal(exitCode, 0, errors);
    const { holds, answers, requests, paidTwice, refunds, usd } = JSON.parse(output);
    assert.deepEqual([holds, answers, requests, paidTwice, refunds], [true, 3, 4, 0, 1]);
    assert.ok(usd > 0);
    assert.match(errors, /kill -9 of worker-1 in the middle of this answer\. 2 answers are recorded\./);
  });
});
