import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

const refused: readonly (readonly [string, string | undefined])[] = [
  ["nothing", undefined],
  ["an empty header", ""],
  ["upper-case digits", `00-${traceId.toUpperCase()}-${spanId}-01`],
  ["a trace id of zeros", `00-${"0".repeat(32)}-${spanId}-01`],
  ["a span id of zeros", `00-${traceId}-${"0".repeat(16)}-01`],
  ["the version ff", `ff-${traceId}-${spanId}-01`],
  ["version 0 with something after it", `00-${traceId}-${spanId}-01-what`],
  ["version 0 with a dash after it", `00-${traceId}-${spanId}-01-`],
  ["a short trace id", `00-${traceId.slice(1)}-${spanId}-01`],
  ["a long span id", `00-${traceId}-${spanId}0-01`],
  ["digits that are none", `00-${traceId}-${spanId.slice(1)}g-01`],
  ["a missing flag", `00-${traceId}-${spanId}`],
  ["one digit of flags", `00-${traceId}-${spanId}-1`],
  ["blanks around it", ` 00-${traceId}-${spanId}-01 `],
  ["a line feed at its end", `00-${traceId}-${spanId}-01\n`],
  ["a later version with something glued to it", `01-${traceId}-${spanId}-01x`],
];

describe("the traceparent header", () => {
  it("contains the trace id, the span id and the sampled flag", () => {
    assert.deepEqual(parseTraceparent(`00-${traceId}-${spanId}-01`), { traceId, spanId, sampled: true });
    assert.deepEqual(parseTraceparent(`00-${traceId}-${spanId}-00`), { traceId, spanId, sampled: false });
  });

  it("flags other than the first are ignored", () => {
    assert.equal(parseTraceparent(`00-${traceId}-${spanId}-fe`)?.sampled, false);
    assert.equal(parseTraceparent(`00-${traceId}-${spanId}-03`)?.sampled, true);
  });

  it("of a later version is read as far as it is known", () => {
    assert.deepEqual(parseTraceparent(`01-${traceId}-${spanId}-01`), { traceId, spanId, sampled: true });
    assert.deepEqual(parseTraceparent(`cc-${traceId}-${spanId}-01-what-ever`), {
      traceId,
      spanId,
      sampled: true,
    });
  });

  for (const [title, header] of refused) {
    it(`is ignored with ${title}`, () => {
      assert.equal(parseTraceparent(header), undefined);
    });
  }

  it("any context is read back as it was written", () => {
    const id = (digits: number) =>
      fc
        .string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: digits, maxLength: digits })
        .filter((text) => /[^0]/.test(text));
    const context = fc.record(
      { traceId: id(32), spanId: id(16), sampled: fc.boolean() },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(context, (trace) => {
        assert.deepEqual(parseTraceparent(formatTraceparent(trace)), trace);
      }),
    );
  });

  it("any text either is refused or names sound ids", () => {
    const pieces = fc.constantFrom(
      "00",
      "01",
      "ff",
      "-",
      traceId,
      spanId,
      "0",
      "g",
      "A",
      " ",
      "0".repeat(32),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces, { maxLength: 9 }).map((all) => all.join("")),
        ),
        (text) => {
          const context = parseTraceparent(text);
          if (context === undefined) return;
          assert.match(context.traceId, /^(?!0+$)[\da-f]{32}$/);
          assert.match(context.spanId, /^(?!0+$)[\da-f]{16}$/);
        },
      ),
    );
  });
});
