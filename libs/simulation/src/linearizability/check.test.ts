import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { checkLinearizable } from "./check.ts";
import type { Model, Operation } from "./operation.ts";

type Input = { readonly write: number } | "read" | { readonly from: number; readonly to: number };
type Output = number | "written" | "refused";
type Registered = Operation<Input, Output>;

/** A number with read, write, and compare-and-set. */
const register: Model<number, Input, Output> = {
  initial: 0,
  step(state, input, output) {
    if (input === "read") return output === undefined || output === state ? state : undefined;
    if ("write" in input) return output === undefined || output === "written" ? input.write : undefined;
    const holds = state === input.from;
    if (output !== undefined && (output === "written") !== holds) return;
    return holds ? input.to : state;
  },
  keyOf: String,
};

function did(input: Input, output: Output | undefined, calledAt: number, answeredAt: number): Registered {
  return { input, output, calledAt, answeredAt };
}

const never = Number.POSITIVE_INFINITY;

describe("the order of a history", () => {
  const cases: readonly [string, readonly Registered[], boolean][] = [
    ["is there where nothing happened", [], true],
    [
      "is that of the calls where they do not overlap",
      [did({ write: 1 }, "written", 0, 1), did("read", 1, 2, 3)],
      true,
    ],
    [
      "is not there for what was forgotten",
      [did({ write: 1 }, "written", 0, 1), did("read", 0, 2, 3)],
      false,
    ],
    [
      "may be either where they overlap",
      [did({ write: 1 }, "written", 0, 5), did("read", 0, 1, 2), did("read", 1, 3, 4)],
      true,
    ],
    [
      "does not go back",
      [did({ write: 1 }, "written", 0, 9), did("read", 1, 1, 2), did("read", 0, 3, 4)],
      false,
    ],
    [
      "lets one of two win",
      [
        did({ from: 0, to: 1 }, "written", 0, 5),
        did({ from: 0, to: 2 }, "refused", 0, 5),
        did("read", 1, 6, 7),
      ],
      true,
    ],
    [
      "does not let two win",
      [did({ from: 0, to: 1 }, "written", 0, 5), did({ from: 0, to: 2 }, "written", 0, 5)],
      false,
    ],
    [
      "has an unacknowledged call if its effect was seen",
      [did({ write: 1 }, undefined, 0, never), did("read", 1, 6, 7)],
      true,
    ],
    [
      "need not have an unacknowledged call",
      [did({ write: 1 }, undefined, 0, never), did("read", 0, 6, 7)],
      true,
    ],
    [
      "has an unacknowledged call late, and once",
      [
        did({ write: 1 }, undefined, 0, never),
        did("read", 0, 1, 2),
        did("read", 1, 3, 4),
        did({ write: 2 }, "written", 5, 6),
        did("read", 1, 7, 8),
      ],
      false,
    ],
    [
      "does not have an effect before its call",
      [did("read", 1, 0, 1), did({ write: 1 }, undefined, 2, never)],
      false,
    ],
  ];
  for (const [title, history, expected] of cases)
    it(title, () => {
      const { kind } = checkLinearizable(register, history);
      assert.equal(kind, expected ? "linearizable" : "impossible");
    });

  it("is reported as far as it could be found, with those that could not come next", () => {
    const written = did({ write: 1 }, "written", 0, 1);
    const lost = did("read", 0, 2, 3);
    const verdict = checkLinearizable(register, [written, lost, did("read", 1, 4, 5)]);
    assert.deepEqual(verdict, { kind: "impossible", longest: [written], stuck: [lost] });
  });

  it("is not searched beyond the limit", () => {
    const writes = Array.from({ length: 14 }, (_, write) => did({ write }, "written", 0, 100));
    const verdict = checkLinearizable(register, [...writes, did("read", 99, 101, 102)], { stepsMax: 1_000 });
    assert.equal(verdict.kind, "undecided");
  });

  const input: fc.Arbitrary<Input> = fc.oneof(
    fc.constant("read" as const),
    fc.record({ write: fc.nat({ max: 2 }) }),
    fc.record({ from: fc.nat({ max: 2 }), to: fc.nat({ max: 2 }) }),
  );
  const drawn = fc.array(
    fc.record({
      input,
      output: fc.oneof(
        fc.nat({ max: 2 }),
        fc.constantFrom("written" as const, "refused" as const, undefined),
      ),
      calledAt: fc.nat({ max: 12 }),
      forMs: fc.nat({ max: 8 }),
    }),
    { maxLength: 6 },
  );

  it("is found exactly where trying every order finds one", () => {
    fc.assert(
      fc.property(drawn, (operations) => {
        const history = operations.map(({ input, output, calledAt, forMs }) =>
          did(
            input,
            fitting(input, output),
            calledAt * 10,
            output === undefined ? never : (calledAt + forMs) * 10 + 5,
          ),
        );
        const { kind } = checkLinearizable(register, history);
        assert.equal(kind, hasAnyOrder(history, 0) ? "linearizable" : "impossible");
      }),
      { numRuns: 3_000 },
    );
  });

  it("is found for any history without concurrent calls, however long", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(input, fc.nat({ max: 40 }), fc.nat({ max: 40 })), { maxLength: 200 }),
        (drawn) => {
          let state = 0;
          const history = drawn.map(([what, before, after], index) => {
            const output = answerOf(state, what);
            state = register.step(state, what, output) ?? assert.fail("the model refuses its own answer");
            // It took effect at this time, between its call and its answer.
            const atMs = index * 10;
            return did(what, output, atMs - before, atMs + 1 + after);
          });
          assert.equal(checkLinearizable(register, history).kind, "linearizable");
        },
      ),
      { numRuns: 300 },
    );
  });
});

function answerOf(state: number, input: Input): Output {
  if (input === "read") return state;
  return "write" in input || input.from === state ? "written" : "refused";
}

/** Returns answers of the right kind, so that most drawn histories are not trivially impossible. */
function fitting(input: Input, output: Output | undefined): Output | undefined {
  if (output === undefined) return;
  if (input === "read") return typeof output === "number" ? output : 1;
  if ("write" in input) return "written";
  return typeof output === "number" ? "written" : output;
}

/** Tries every order: slow, short, and independent of the search. */
function hasAnyOrder(left: readonly Registered[], state: number): boolean {
  if (left.every(({ output }) => output === undefined)) return true;
  return left.some((next) => {
    const others = left.filter((other) => other !== next);
    const mayComeNext = others.every(
      ({ output, answeredAt }) => output === undefined || answeredAt >= next.calledAt,
    );
    const after = register.step(state, next.input, next.output);
    return mayComeNext && after !== undefined && hasAnyOrder(others, after);
  });
}
