import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { busErrors } from "../errors.ts";
import { checkedInterest, matcherOf, subjectFilterOf, subjectOf } from "./pattern.ts";

describe("patterns", () => {
  const word = fc.constantFrom("a", "b", "run", "time-out", "x_1");
  const type = fc.oneof(
    fc.array(word, { minLength: 3, maxLength: 3 }).map((words) => ["tutti", ...words].join(".")),
    fc.array(word, { maxLength: 3 }).map((words) => ["Shop", ...words].join(".")),
  );
  const pattern = fc.oneof(
    fc.array(fc.oneof(word, fc.constant("*")), { maxLength: 3 }).map((words) => ["Shop", ...words].join(".")),
    fc
      .array(fc.oneof(word, fc.constant("*")), { maxLength: 2 })
      .map((words) => ["Shop", ...words, ">"].join(".")),
    fc.constant(">"),
    fc
      .array(fc.oneof(word, fc.constant("*")), { maxLength: 2 })
      .map((words) => ["tutti", ...words, ">"].join(".")),
    fc
      .array(fc.oneof(word, fc.constant("*")), { minLength: 3, maxLength: 3 })
      .map((words) => ["tutti", ...words].join(".")),
  );
  const namespace = fc.constantFrom("one", "two");

  it("match as NATS matches their subjects", () => {
    fc.assert(
      fc.property(
        pattern,
        type,
        fc.oneof(namespace, fc.constant("*")),
        namespace,
        (pattern, type, requested, namespace) => {
          const interest = checkedInterest({ namespace: requested, pattern });
          const event = { namespace, type };
          assert.equal(matcherOf(interest)(event), natsMatches(subjectFilterOf(interest), subjectOf(event)));
        },
      ),
      { numRuns: 500 },
    );
  });

  for (const pattern of [
    "",
    "*",
    "tutti",
    "tutti.",
    "tutti.a..b",
    "tutti.a.b.c.d",
    "Tutti.a.b.c",
    "tutti.a*.b.c",
    ">.a",
  ]) {
    it(`refuse ${JSON.stringify(pattern)}`, () => {
      assert.throws(() => checkedInterest({ namespace: "*", pattern }), busErrors.invalidSubscription.is);
    });
  }
});

/** The rule of the server's documentation, word by word. */
function natsMatches(filter: string, subject: string): boolean {
  const [filters, words] = [filter.split("."), subject.split(".")];
  for (const [index, expected] of filters.entries()) {
    if (expected === ">") return words.length > index;
    if (index >= words.length || (expected !== "*" && expected !== words[index])) return false;
  }
  return filters.length === words.length;
}
