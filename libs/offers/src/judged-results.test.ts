import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Result } from "@tutti/contracts/agent/v1";
import { judgedResults, type ResultRules } from "./judged-results.ts";
import type { EndedAttempt, Settlement } from "./settlement.ts";

const done = Result.fromPartial({ outcome: { $case: "inlineOutput", value: Buffer.from("1") } });
const failed = Result.fromPartial({ outcome: { $case: "failed", value: { code: "own" } } });

/** What the settlement behind the rules is told. */
function told(rules: ResultRules, ended: EndedAttempt): Result["outcome"] {
  let outcome: Result["outcome"];
  const behind = {
    result: ({ result }: EndedAttempt) => (outcome = result.outcome),
  } as unknown as Settlement;
  judgedResults(rules, "run", behind).result(ended, () => {});
  return outcome;
}

describe("results that are judged", () => {
  const rules = (hasAnyAboutResults: boolean): ResultRules => ({
    hasAnyAboutResults,
    result: () => assert.fail("expected nothing to be asked"),
  });

  it("are not asked about where no rule is about results, or where the attempt failed by itself", () => {
    assert.equal(told(rules(false), { result: done, agent: "a", entry: undefined }), done.outcome);
    assert.equal(told(rules(true), { result: failed, agent: "a", entry: undefined }), failed.outcome);
  });

  it("do not count where nobody knows what they belong to: the attempt is made again", () => {
    const outcome = told(rules(true), { result: done, agent: "a", entry: undefined });
    assert.ok(outcome?.$case === "failed");
    assert.equal(outcome.value.code, "offer.result_unknown");
  });
});
