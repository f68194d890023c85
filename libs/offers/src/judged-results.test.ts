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
function settledOutcome(rules: ResultRules, ended: EndedAttempt): Result["outcome"] {
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

  it("are not evaluated without a rule about results, or if the attempt failed", () => {
    assert.equal(settledOutcome(rules(false), { result: done, agent: "a", entry: undefined }), done.outcome);
    assert.equal(
      settledOutcome(rules(true), { result: failed, agent: "a", entry: undefined }),
      failed.outcome,
    );
  });

  it("do not count if their task is unknown: the attempt is retried", () => {
    const outcome = settledOutcome(rules(true), { result: done, agent: "a", entry: undefined });
    assert.ok(outcome?.$case === "failed");
    assert.equal(outcome.value.code, "offer.result_unknown");
  });

  it("are evaluated by their content if they are references, also after the store was unreachable", async () => {
    const received: unknown[] = [];
    const time = new VirtualTime();
    let reads = 0;
    const judging = {
      hasAnyAboutResults: true,
      result: ({ output }: { readonly output: unknown }) =>
        void received.push(Buffer.from(output as Uint8Array).toString()),
    };
    const value = {
      body: { $case: "blob" as const, value: { sha256: new Uint8Array(32), size: 5 } },
      mediaType: "",
    };
    const result = Result.fromPartial({ outcome: { $case: "outputPayload", value } });
    const { profile } = { profile: { definition: "d", capability: "c", pool: "" } };
    const entry = { key: { namespace: "team", id: "run" }, effect: { taskId: "t", attempt: 1, profile } };
    const behind = { result: ({ result: { outcome } }: EndedAttempt) => void received.push(outcome?.$case) };
    const readBlob = async () => {
      if (++reads === 1) throw new Error("away");
      return Buffer.from('"one"');
    };
    judgedResults(judging, "run", behind as unknown as Settlement, { readBlob, timers: time }).result(
      { result, agent: "a", entry: entry as unknown as OfferEntry },
      () => {},
    );
    await time.advanceAsync(1_000);
    assert.deepEqual(received, ['"one"', "inlineOutput"]);
  });
});
