import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { declaredErrors, defineErrors, withoutRemedy } from "./catalogue.ts";
import { errorOf, isRefusal } from "./refusal.ts";
import { TuttiError } from "./tutti-error.ts";

const errors = defineErrors("cataloguetest", {
  orderGone: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The order is not there.",
    message: ({ order }: { order: string }) => `Order \`${order}\` not found`,
    remedy: "Create the order first.",
  },
  closed: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The shop is closed.",
    message: () => "the shop is closed",
    remedy: "",
  },
  late: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The shop closes soon.",
    message: ({ reason }: { reason: string }) => `The order is late: ${reason}`,
    remedy: ({ days }: { days: number }) => `Order again in ${days} days.`,
  },
});

describe("the catalogue of errors", () => {
  it("creates an error with the code, status and retry class of its entry", () => {
    const error = errors.orderGone({ order: "o1" }, { details: { order: "o1" }, retryAfterMs: 5 });
    assert.ok(error instanceof TuttiError);
    assert.equal(error.code, "cataloguetest.order_gone");
    assert.equal(errors.orderGone.code, error.code);
    assert.equal(error.status, "NOT_FOUND");
    assert.equal(error.retryable, false);
    assert.equal(error.message, "Order `o1` not found. Create the order first.");
    assert.deepEqual(error.details, { order: "o1" });
    assert.equal(error.retryAfterMs, 5);
  });

  it("prints the remedy after the message, and the message alone for a message that quotes it", () => {
    const notFound = errors.orderGone({ order: "o1" });
    assert.equal(withoutRemedy(notFound), "Order `o1` not found.");
    const late = errors.late({ reason: notFound.message, days: 2 });
    assert.equal(
      late.message,
      "The order is late: Order `o1` not found. Create the order first. Order again in 2 days.",
    );
    assert.equal(withoutRemedy(late), late.message, "its remedy has parameters");
    assert.equal(withoutRemedy({ code: "of.another", message: "Wait." }), "Wait.");
  });

  it("requires no parameters if the message has none", () => {
    const cause = new Error("flood");
    assert.equal(errors.closed().message, "the shop is closed");
    assert.equal(errors.closed(undefined, { cause }).cause, cause);
  });

  it("recognises only a TuttiError with its code", () => {
    const arrived = new TuttiError({ code: "cataloguetest.closed", status: "UNAVAILABLE", message: "x" });
    assert.ok(errors.closed.is(arrived));
    assert.ok(!errors.orderGone.is(arrived));
    assert.ok(!errors.closed.is({ code: "cataloguetest.closed" }));
  });

  it("starts the stack at the caller", () => {
    assert.match(errors.closed().stack?.split("\n")[1] ?? "", /catalogue\.test\.ts/);
  });

  it("ignores properties of an untyped caller that would replace the entry", () => {
    const extras = { details: { a: "b" }, code: "other.code", status: "INTERNAL", message: "other" };
    const error = errors.closed(undefined, extras);
    assert.deepEqual(
      [error.code, error.status, error.message],
      ["cataloguetest.closed", "UNAVAILABLE", "the shop is closed"],
    );
  });

  it("creates the same as a refusal, which becomes the error at the edge", () => {
    const refusal = errors.orderGone.refusal({ order: "o1" }, { details: { order: "o1" } });
    assert.ok(isRefusal(refusal));
    assert.ok(!(refusal instanceof Error));
    const error = errorOf(refusal);
    assert.ok(errors.orderGone.is(error));
    assert.equal(error.message, "Order `o1` not found. Create the order first.");
    assert.ok(!isRefusal(error) && !isRefusal(null) && !isRefusal("refused"));
  });

  it("refuses a code that is declared twice, and names that form no code", () => {
    const entry = { status: "INTERNAL", retry: "never", help: "", message: () => "", remedy: "" } as const;
    assert.throws(
      () => defineErrors("cataloguetest", { closed: entry }),
      /cataloguetest\.closed is declared twice/,
    );
    assert.throws(() => defineErrors("Bad Area", { closed: entry }), /lower-case word/);
    assert.throws(() => defineErrors("cataloguetest", { "not a key": entry }), /camelCase/);
  });

  it("lists the declared errors", () => {
    assert.equal(declaredErrors().get("cataloguetest.order_gone")?.status, "NOT_FOUND");
  });
});
