import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { errorFromUnknown } from "./from-unknown.ts";
import { recordOf } from "./record.ts";
import { TuttiError } from "./tutti-error.ts";

function systemError(code: string, message = `${code}: it failed`): Error {
  return Object.assign(new Error(message), { code });
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (thrown) {
    return thrown;
  }
  return assert.fail("expected something to be thrown");
}

const cancelled = AbortSignal.abort();

const sqliteError = (errcode: number) =>
  Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR", errcode });

describe("errorFromUnknown", () => {
  it("returns a TuttiError unchanged", () => {
    const error = new TuttiError({ code: "a.b", status: "ABORTED", message: "m" });
    assert.equal(errorFromUnknown(error), error);
  });

  const table: readonly [string, unknown, string, string][] = [
    ["an abort", thrownBy(() => cancelled.throwIfAborted()), "kernel.cancelled", "CANCELLED"],
    [
      "a passed time limit",
      new DOMException("too late", "TimeoutError"),
      "kernel.deadline_exceeded",
      "DEADLINE_EXCEEDED",
    ],
    ["node's own abort", systemError("ABORT_ERR"), "kernel.cancelled", "CANCELLED"],
    ["a refused connection", systemError("ECONNREFUSED"), "kernel.unreachable", "UNAVAILABLE"],
    ["a broken connection", systemError("ECONNRESET"), "kernel.unreachable", "UNAVAILABLE"],
    ["a full disk", systemError("ENOSPC"), "kernel.exhausted", "RESOURCE_EXHAUSTED"],
    ["a file of another user", systemError("EACCES"), "kernel.no_permission", "FAILED_PRECONDITION"],
    ["a full disk, as SQLite says it", sqliteError(13), "kernel.exhausted", "RESOURCE_EXHAUSTED"],
    // While growing its shared memory.
    ["a write of SQLite that failed", sqliteError(4_874), "kernel.exhausted", "RESOURCE_EXHAUSTED"],
    ["a damaged file of SQLite", sqliteError(11), "kernel.internal", "INTERNAL"],
    ["a bug", new TypeError("x is not a function"), "kernel.internal", "INTERNAL"],
    ["a string", "boom", "kernel.internal", "INTERNAL"],
    ["undefined", undefined, "kernel.internal", "INTERNAL"],
    ["a symbol", Symbol("s"), "kernel.internal", "INTERNAL"],
    ["a number", 42, "kernel.internal", "INTERNAL"],
    ["a function", () => "secret source", "kernel.internal", "INTERNAL"],
    ["an object without a prototype", Object.create(null), "kernel.internal", "INTERNAL"],
  ];
  for (const [title, thrown, code, status] of table) {
    it(`maps ${title} to ${code}, and keeps it as the cause`, () => {
      const error = errorFromUnknown(thrown);
      assert.deepEqual([error.code, error.status], [code, status]);
      assert.equal(error.cause, thrown);
    });
  }

  it("names the error and the remedy", () => {
    assert.equal(
      errorFromUnknown(new TypeError("x is not a function")).message,
      "Internal error: TypeError: x is not a function. Report it with the trace id of this call.",
    );
    assert.doesNotMatch(errorFromUnknown(() => "secret source").message, /secret source/);
  });

  it("finds the reason inside an aggregate that has no message of its own", () => {
    const aggregate = Object.assign(new AggregateError([systemError("ECONNREFUSED")]), {
      code: "ECONNREFUSED",
    });
    assert.match(errorFromUnknown(aggregate).message, /AggregateError: ECONNREFUSED: it failed/);
  });

  it("redacts text that looks like a credential", () => {
    const thrown = new Error(
      "cannot reach postgres://app:hunter2@db:5432, Bearer abcdefgh12345, password=hunter2",
    );
    const printed = JSON.stringify(recordOf(errorFromUnknown(thrown)));
    assert.doesNotMatch(printed, /hunter2|abcdefgh12345/);
    assert.match(printed, /postgres:\/\/\[redacted\]@db:5432/);
  });

  it("survives objects that throw when they are inspected", () => {
    const hostile = new Proxy(
      {},
      {
        get() {
          throw new Error("hands off");
        },
        getPrototypeOf() {
          throw new Error("hands off");
        },
      },
    );
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const self: { cause?: unknown } = new Error("circle");
    self.cause = self;
    for (const thrown of [
      hostile,
      proxy,
      self,
      Object.freeze(new Error("frozen")),
      { message: 5, errors: 7 },
    ]) {
      assert.equal(recordOf(errorFromUnknown(thrown)).code, "kernel.internal");
    }
  });

  it("returns an error for any value", () => {
    fc.assert(fc.property(fc.anything(), (thrown) => recordOf(errorFromUnknown(thrown)).code !== ""));
  });
});
