import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resolveRetry } from "@tutti/kernel";
import { retryPolicyIn, type StepRetry } from "./retry.ts";
import { taskSpecOf } from "./task.ts";

describe("the option `retry`", () => {
  it("uses the defaults for values that are not set", () => {
    assert.deepEqual(retryPolicyIn(undefined), resolveRetry());
    assert.deepEqual(
      retryPolicyIn({ attempts: 3, backoff: "2s" }),
      resolveRetry({ maxAttempts: 3, initialMs: 2_000 }),
    );
  });

  const wrong: readonly (readonly [retry: number | StepRetry, message: RegExp])[] = [
    [0, /`tasks\.a\.retry`: expected a whole number of at least 1, the first attempt included, got 0/],
    [{ attempts: -1 }, /`tasks\.a\.retry\.attempts`: .* got -1/],
    [{ attempts: 1.5 }, /`tasks\.a\.retry\.attempts`: .* got 1\.5/],
    [
      { backoff: "soon" },
      /`tasks\.a\.retry\.backoff`: expected a duration such as 1s, or two such as 1s\.\.1m, got "soon"/,
    ],
    [{ backoff: "0s" }, /`retry\.backoff`: expected more than 0 with 5 attempts, got "0s"/],
  ];
  for (const [retry, message] of wrong)
    it(`is refused as ${JSON.stringify(retry)}`, () =>
      assert.throws(() => taskSpecOf({ id: "a", uses: "a.b", retry }), message));
});
