import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { AssertionFault, assert as holds, unreachable } from "./assertion.ts";
import { kernelErrors } from "./kernel-errors.ts";
import { TuttiError } from "./tutti-error.ts";

describe("TuttiError", () => {
  it("keeps its values even if the caller changes them afterwards", () => {
    const violations = [{ field: "a", message: "b" }];
    const details: Record<string, string> = { place: "p" };
    const error = new TuttiError({ code: "a.b", status: "INTERNAL", message: "m", violations, details });
    violations.push({ field: "c", message: "d" });
    details["place"] = "q";
    assert.deepEqual(error.violations, [{ field: "a", message: "b" }]);
    assert.deepEqual(error.details, { place: "p" });
    assert.ok(Object.isFrozen(error.violations) && Object.isFrozen(error.details));
  });

  it("is not retryable and has no retry delay by default", () => {
    const error = new TuttiError({ code: "a.b", status: "INTERNAL", message: "m" });
    assert.deepEqual([error.retryable, error.retry, error.retryAfterMs], [false, "never", 0]);
    assert.ok(!("cause" in error));
  });

  for (const retryAfterMs of [Number.NaN, Number.POSITIVE_INFINITY, -1, -0]) {
    it(`treats a pause of ${Object.is(retryAfterMs, -0) ? "-0" : retryAfterMs} as none`, () => {
      const error = new TuttiError({ code: "a.b", status: "INTERNAL", message: "m", retryAfterMs });
      assert.ok(Object.is(error.retryAfterMs, 0));
    });
  }

  it("repairs malformed text, and ignores a detail that would set a prototype", () => {
    const details = JSON.parse('{"__proto__": "x", "kept": "y"}');
    const error = new TuttiError({ code: "a.b", status: "INTERNAL", message: "half \ud800 pair", details });
    assert.equal(error.message, "half \ufffd pair");
    assert.deepEqual(Object.keys(error.details), ["kept"]);
  });

  it("prints its name and code once", () => {
    const printed = inspect(new TuttiError({ code: "a.b", status: "INTERNAL", message: "m" }));
    assert.match(printed, /^TuttiError: m\n/);
    assert.match(printed, /code: 'a\.b'/);
    assert.doesNotMatch(printed, /name:/);
  });
});

describe("assert", () => {
  it("accepts a true condition and narrows its type", () => {
    const value: string | undefined = ["x"][0];
    holds(value !== undefined, "there is a value");
    assert.equal(value.length, 1);
  });

  it("throws an assertion fault with the facts as details, its stack beginning at the caller", () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    const facts = {
      count: 3,
      list: [1, 2],
      circular,
      long: "x".repeat(1_000),
      absent: { toJSON: () => undefined },
    };
    assert.throws(
      () => holds(false, "the count is even", facts),
      (fault: unknown) => {
        assert.ok(
          fault instanceof AssertionFault && fault instanceof TuttiError && kernelErrors.assertion.is(fault),
        );
        assert.equal(fault.name, "AssertionFault");
        assert.equal(fault.message, "Internal error: this must hold: the count is even. Report this bug.");
        assert.equal(fault.details["count"], "3");
        assert.equal(fault.details["list"], "[1,2]");
        assert.equal(fault.details["circular"], "an unprintable object");
        assert.equal(fault.details["long"]?.length, 201);
        assert.equal(fault.details["absent"], "undefined");
        assert.match(fault.stack?.split("\n")[1] ?? "", /tutti-error\.test\.ts/);
        return true;
      },
    );
  });

  it("throws in a switch for a value that the compiler excluded", () => {
    const invalid: unknown = "purple";
    // The cast is wrong on purpose: such a value comes from a newer peer or a broken file.
    assert.throws(
      () => unreachable(invalid as never, "the colour"),
      /must hold: the colour is one of the known ones/,
    );
  });
});
