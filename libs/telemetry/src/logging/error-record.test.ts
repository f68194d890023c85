import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TuttiError } from "@tutti/kernel";
import { errorRecord } from "./error-record.ts";

describe("an error in a line", () => {
  it("has type, message, code and stack", () => {
    const error = Object.assign(new RangeError("too far"), { code: "E_FAR" });
    const { stack = "", ...rest } = errorRecord(error);
    assert.deepEqual(rest, { type: "RangeError", message: "too far", code: "E_FAR" });
    assert.match(stack, /^at /);
    assert.match(stack, /error-record\.test\.ts/);
  });

  it("of Tutti has its status, retry class, violations and details", () => {
    const error = new TuttiError({
      code: "registry.bad_name",
      status: "INVALID_ARGUMENT",
      message: "expected a name",
      violations: [{ field: "name", message: "expected a name" }],
      details: { service: "stock", apiKey: "abc" },
    });
    const { stack: _stack, ...rest } = errorRecord(error);
    assert.deepEqual(rest, {
      type: "TuttiError",
      message: "expected a name",
      code: "registry.bad_name",
      status: "INVALID_ARGUMENT",
      retry: "never",
      violations: [{ field: "name", message: "expected a name" }],
      details: { service: "stock", apiKey: "[redacted]" },
    });
  });

  it("has the chain of its causes, to a limit even when it is a circle", () => {
    const inner = new Error("disk full");
    const outer = new Error("cannot append", { cause: inner });
    inner.cause = outer;
    let record = errorRecord(outer);
    const messages = [record.message];
    while (record.cause !== undefined) {
      record = record.cause;
      messages.push(record.message);
    }
    assert.deepEqual(messages.slice(0, 3), ["cannot append", "disk full", "cannot append"]);
    assert.equal(messages.length, 9);
  });

  it("has all errors of an aggregate", () => {
    const record = errorRecord(new AggregateError([new Error("one"), "two"], "both"));
    assert.deepEqual(
      record.errors?.map((error) => error.message),
      ["one", "two"],
    );
  });

  it("whose message contains a secret is redacted", () => {
    const record = errorRecord(new Error("cannot reach nats://user:pw@host"));
    assert.equal(record.message, "cannot reach nats://[redacted]@host");
  });

  it("that is none is recorded as it is", () => {
    assert.deepEqual(errorRecord("gone"), { type: "string", message: "gone" });
    assert.deepEqual(errorRecord({ reason: "gone" }), { type: "object", message: '{"reason":"gone"}' });
    assert.deepEqual(errorRecord(null), { type: "null", message: "null" });
  });

  it("that cannot be read does no harm", () => {
    const error = new Error("no");
    Object.defineProperty(error, "code", {
      get() {
        throw new Error("not even this");
      },
    });
    assert.equal(errorRecord(error).message, "an error that cannot be read");
  });
});
