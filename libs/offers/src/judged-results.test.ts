import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Result } from "@tutti/contracts/agent/v1";
import { VirtualTime } from "@tutti/kernel/testing";
import type { OfferEntry } from "./entry.ts";
import { judgedResults, type ResultRules } from "./judged-results.ts";
import type { EndedAttempt, Settlement } from "./settlement.ts";

const done = Result.fromPartial({ outcome: { $case: "inlineOutput", value: Buffer.from("1") } });
const failed = Result.fromPartial({ outcome: { $case: "failed", value: { code: "own" } } });

const store = { readBlob: async () => assert.fail("no blob is read"), timers: new VirtualTime() };

/** Returns the outcome that the settlement behind the rules receives. */
function told(rules: ResultRules, ended: EndedAttempt): Result["outcome"] {
  let outcome: Result["outcome"];
  const behind = {
    result: ({ result }: EndedAttempt) => (outcome = result.outcome),
  } as unknown as Settlement;
  judgedResults(rules, "run", behind, store).result(ended, () => {});
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

  it("do not count if their work is unknown: the attempt is made again", () => {
    const outcome = told(rules(true), { result: done, agent: "a", entry: undefined });
    assert.ok(outcome?.$case === "failed");
    assert.equal(outcome.value.code, "offer.result_unknown");
  });

  it("are judged by their content where they are references, also when the store was away", async () => {
    const seen: unknown[] = [];
    const time = new VirtualTime();
    let reads = 0;
    const judging = {
      hasAnyAboutResults: true,
      result: ({ output }: { readonly output: unknown }) =>
        void seen.push(Buffer.from(output as Uint8Array).toString()),
    };
    const value = {
      body: { $case: "blob" as const, value: { sha256: new Uint8Array(32), size: 5 } },
      mediaType: "",
    };
    const result = Result.fromPartial({ outcome: { $case: "outputPayload", value } });
    const { profile } = { profile: { definition: "d", capability: "c", pool: "" } };
    const entry = { key: { namespace: "team", id: "run" }, effect: { taskId: "t", attempt: 1, profile } };
    const behind = { result: ({ result: { outcome } }: EndedAttempt) => void seen.push(outcome?.$case) };
    const readBlob = async () => {
      if (++reads === 1) throw new Error("away");
      return Buffer.from('"one"');
    };
    judgedResults(judging, "run", behind as unknown as Settlement, { readBlob, timers: time }).result(
      { result, agent: "a", entry: entry as unknown as OfferEntry },
      () => {},
    );
    await time.advanceAsync(1_000);
    assert.deepEqual(seen, ['"one"', "inlineOutput"]);
  });
});
