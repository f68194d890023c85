import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorDetail } from "@tutti/contracts/types/v1";
import fc from "fast-check";
import { foreignError } from "./foreign.ts";
import { errorFromUnknown } from "./from-unknown.ts";
import { notOwner, notOwnerOf } from "./not-owner.ts";
import { fromProblem, toProblem } from "./problem.ts";
import { causeDepthMax, recordOf } from "./record.ts";
import { isStatus, statuses } from "./status.ts";
import { fromStatusDetails, toStatusDetails } from "./status-details.ts";
import { TuttiError } from "./tutti-error.ts";
import { fromErrorDetail, toErrorDetail } from "./wire.ts";

const anyText = fc.string({ unit: "binary", maxLength: 12 });
const anyStatus = fc.constantFrom(...Object.keys(statuses).filter(isStatus));

const anyForeign = fc
  .record({
    name: fc.constantFrom("TypeError", "Error", "DbError"),
    message: anyText,
    code: fc.constantFrom("", "EBAD"),
  })
  .map((foreign) => ({ ...foreign, message: foreign.message.toWellFormed() }));

/** Errors with up to eight causes, ours and foreign ones mixed. */
const anyError: fc.Arbitrary<TuttiError> = fc
  .tuple(ownParts(), fc.array(fc.oneof(ownParts(), anyForeign), { maxLength: causeDepthMax }))
  .map(([own, causes]) => {
    let cause: Error | undefined;
    for (const part of causes) {
      cause = "status" in part ? new TuttiError({ ...part, cause }) : foreignError(part, cause);
    }
    return new TuttiError({ ...own, cause });
  });

function ownParts() {
  return fc.record({
    code: fc.constantFrom("mesh.no_instance", "mesh.not_owner", "run.gone", "kernel.internal"),
    status: anyStatus,
    message: anyText,
    retry: fc.constantFrom("never" as const, "same-key" as const, "elsewhere" as const),
    retryAfterMs: fc.oneof(fc.constant(0), fc.double({ min: 0, noNaN: true, noDefaultInfinity: true })),
    violations: fc.array(fc.record({ field: anyText, message: anyText }), { maxLength: 2 }),
    details: fc.dictionary(fc.oneof(anyText, fc.constantFrom("place", "epoch", "constructor")), anyText, {
      maxKeys: 2,
    }),
  });
}

function throughDetail(error: TuttiError): TuttiError {
  return fromErrorDetail(ErrorDetail.decode(ErrorDetail.encode(toErrorDetail(error)).finish()));
}

function throughJson(error: TuttiError): TuttiError {
  return fromProblem(JSON.parse(JSON.stringify(toProblem(error))));
}

function throughStatus(error: TuttiError): TuttiError {
  return fromStatusDetails(toStatusDetails(error));
}

describe("an error that crosses the wire", () => {
  for (const [form, through] of Object.entries({ throughDetail, throughJson, throughStatus })) {
    it(`arrives unchanged (${form})`, () => {
      fc.assert(
        fc.property(anyError, (error) => assert.deepEqual(recordOf(through(error)), recordOf(error))),
      );
    });
  }

  it("arrives with foreign causes as errors of their name, message and code", () => {
    const root = Object.assign(new TypeError("bad input"), { code: "ERR_BAD" });
    const middle = new TuttiError({ code: "run.gone", status: "NOT_FOUND", message: "gone", cause: root });
    const arrived = throughJson(errorFromUnknown(new RangeError("outer", { cause: middle })));
    const outer = arrived.cause;
    assert.ok(outer instanceof Error && !(outer instanceof TuttiError));
    assert.deepEqual([outer.name, outer.message], ["RangeError", "outer"]);
    assert.ok(outer.cause instanceof TuttiError && outer.cause.code === "run.gone");
    const inner = outer.cause.cause;
    assert.ok(inner instanceof Error && "code" in inner);
    assert.deepEqual([inner.name, inner.message, inner.code], ["TypeError", "bad input", "ERR_BAD"]);
  });

  it("carries eight causes and no more", () => {
    let error = new TuttiError({ code: "a.b", status: "INTERNAL", message: "0" });
    for (let level = 1; level <= 12; level++) {
      error = new TuttiError({ code: "a.b", status: "INTERNAL", message: String(level), cause: error });
    }
    const messages: string[] = [];
    for (let next: unknown = throughDetail(error); next instanceof Error; next = next.cause)
      messages.push(next.message);
    assert.deepEqual(messages, ["12", "11", "10", "9", "8", "7", "6", "5", "4"]);
  });

  it("never includes a stack", () => {
    const error = errorFromUnknown(new TypeError("bug"));
    const forms = [
      JSON.stringify(toProblem(error)),
      JSON.stringify(toErrorDetail(error)),
      Buffer.from(toStatusDetails(error).details).toString("latin1"),
    ];
    for (const form of forms) assert.doesNotMatch(form, /round-trip\.test|\bat /);
  });
});

describe("NotOwner", () => {
  const owner = { instance: "inst_1", address: "10.0.0.7:7401", epoch: 12 };

  it("names place and owner in words, in the details and in the contract's own field", () => {
    const error = notOwner("workflow/partition/7", owner);
    assert.match(
      error.message,
      /workflow\/partition\/7 is not owned here but by inst_1 at 10\.0\.0\.7:7401 \(epoch 12\)/,
    );
    assert.deepEqual(toErrorDetail(error).notOwner, { ...owner, place: "workflow/partition/7" });
    assert.equal(error.retry, "elsewhere");
  });

  for (const [form, through] of Object.entries({ throughDetail, throughJson, throughStatus })) {
    it(`is read back with its owner (${form})`, () => {
      assert.deepEqual(notOwnerOf(through(notOwner("p/1", owner))), { place: "p/1", owner });
      assert.deepEqual(notOwnerOf(through(notOwner("p/1", undefined))), { place: "p/1", owner: undefined });
    });
  }

  it("is read from a peer that fills only the contract's field", () => {
    const detail = toErrorDetail(notOwner("p/1", owner));
    assert.deepEqual(notOwnerOf(fromErrorDetail({ ...detail, details: {} })), { place: "p/1", owner });
  });

  it("is not read from other errors", () => {
    assert.equal(
      notOwnerOf(new TuttiError({ code: "a.b", status: "INTERNAL", message: "", details: { place: "p" } })),
      undefined,
    );
    assert.equal(notOwnerOf(new Error("x")), undefined);
  });
});

describe("the gRPC status of an error", () => {
  it("stays below the limit of trailers and names the omitted parts", () => {
    const cause = new TuttiError({ code: "a.cause", status: "INTERNAL", message: "c".repeat(3_000) });
    const violations = Array.from({ length: 500 }, (_, i) => ({
      field: `items[${i}]`,
      message: "expected a number",
    }));
    const error = new TuttiError({
      code: "a.b",
      status: "INVALID_ARGUMENT",
      message: "m",
      violations,
      cause,
    });
    const { details } = toStatusDetails(error);
    assert.ok(details.length <= 5_600, `${details.length} bytes`);
    const arrived = fromStatusDetails({ code: 3, message: "m", details });
    assert.equal(arrived.code, "a.b");
    assert.deepEqual(arrived.violations, violations.slice(0, arrived.violations.length));
    assert.ok(arrived.violations.length >= 50);
    assert.equal(arrived.details["omitted"], `1 causes, ${500 - arrived.violations.length} violations`);
  });

  it("stays below the limit with any parts of the error", () => {
    const bulk = fc.integer({ min: 0, max: 20_000 }).map((length) => "й".repeat(length));
    const parts = fc.record({
      message: bulk,
      code: bulk,
      details: fc.dictionary(fc.constantFrom("a", "b"), bulk),
    });
    fc.assert(
      fc.property(parts, (part) => {
        const { message, details } = toStatusDetails(new TuttiError({ ...part, status: "INTERNAL" }));
        // Percent-encoding triples each byte of the message, base64 adds a third to the details.
        const onTheWire = Buffer.byteLength(message) * 3 + Math.ceil(details.length / 3) * 4;
        return onTheWire < 8_192 && fromStatusDetails({ code: 13, message, details }).status === "INTERNAL";
      }),
      { numRuns: 30 },
    );
  });

  it("yields an error if the details are missing, unknown or damaged", () => {
    const damaged = toStatusDetails(notOwner("p", undefined)).details.slice(0, -3);
    const strange = Uint8Array.of(8, 5, 26, 4, 10, 2, 120, 121);
    for (const details of [undefined, new Uint8Array(), strange, damaged, Uint8Array.of(255, 255)]) {
      const error = fromStatusDetails({ code: 14, message: "upstream gone", details });
      assert.deepEqual(
        [error.code, error.status, error.retry],
        ["kernel.foreign_status", "UNAVAILABLE", "same-key"],
      );
      assert.match(error.message, /only the status UNAVAILABLE \(upstream gone\)/);
    }
    assert.equal(fromStatusDetails({ code: 5, message: "" }).retry, "never");
    assert.equal(fromStatusDetails({ code: 99, message: "" }).status, "UNKNOWN");
  });
});

describe("problem details", () => {
  it("have the members of RFC 9457 and ours", () => {
    const error = new TuttiError({ code: "run.gone", status: "NOT_FOUND", message: "no run r1; start it" });
    assert.deepEqual(toProblem(error, { instance: "/runs/r1" }), {
      type: "urn:tutti:error:run.gone",
      title: "run: gone",
      status: 404,
      detail: "no run r1; start it",
      instance: "/runs/r1",
      code: "run.gone",
      statusName: "NOT_FOUND",
      retry: "never",
      retryAfterMs: 0,
      violations: [],
      details: {},
    });
  });

  const table: readonly [string, unknown, string][] = [
    ["another server's problem", { title: "Out of stock", status: 409 }, "ABORTED"],
    ["an unknown HTTP status", { status: 418 }, "FAILED_PRECONDITION"],
    ["a status no HTTP has", { status: 7 }, "UNKNOWN"],
    ["a page of HTML", "<html>", "UNKNOWN"],
    ["nothing", null, "UNKNOWN"],
    ["a list", [1], "UNKNOWN"],
  ];
  for (const [title, problem, status] of table) {
    it(`of ${title} become an error with status ${status}`, () => {
      const error = fromProblem(problem);
      assert.deepEqual([error.code, error.status], ["kernel.foreign_status", status]);
    });
  }

  it("lose only the members of the wrong type", () => {
    const error = fromProblem({
      code: "a.b",
      statusName: "ABORTED",
      detail: 5,
      retry: "sometimes",
      retryAfterMs: "soon",
      violations: [{ field: "f", message: "m" }, { field: 1 }, null],
      details: { kept: "x", dropped: 5 },
      cause: "why",
    });
    assert.deepEqual(recordOf(error), {
      code: "a.b",
      status: "ABORTED",
      message: "",
      retry: "never",
      retryAfterMs: 0,
      violations: [{ field: "f", message: "m" }],
      details: { kept: "x" },
      cause: undefined,
    });
  });
});
