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
    const isMatch = state === input.from;
    if (output !== undefined && (output === "written") !== isMatch) return;
    return isMatch ? input.to : state;
  },
  keyOf: String,
};

function operation(
  input: Input,
  output: Output | undefined,
  calledAt: number,
  answeredAt: number,
): Registered {
  return { input, output, calledAt, answeredAt };
}

const never = Number.POSITIVE_INFINITY;

describe("the order of a history", () => {
  const cases: readonly [string, readonly Registered[], boolean][] = [
    ["is there where nothing happened", [], true],
    [
      "is that of the calls where they do not overlap",
      [operation({ write: 1 }, "written", 0, 1), operation("read", 1, 2, 3)],
      true,
    ],
    [
      "is not there for what was forgotten",
      [operation({ write: 1 }, "written", 0, 1), operation("read", 0, 2, 3)],
      false,
    ],
    [
      "may be either where they overlap",
      [operation({ write: 1 }, "written", 0, 5), operation("read", 0, 1, 2), operation("read", 1, 3, 4)],
      true,
    ],
    [
      "does not go back",
      [operation({ write: 1 }, "written", 0, 9), operation("read", 1, 1, 2), operation("read", 0, 3, 4)],
      false,
    ],
    [
      "lets one of two win",
      [
        operation({ from: 0, to: 1 }, "written", 0, 5),
        operation({ from: 0, to: 2 }, "refused", 0, 5),
        operation("read", 1, 6, 7),
      ],
      true,
    ],
    [
      "does not let two win",
      [operation({ from: 0, to: 1 }, "written", 0, 5), operation({ from: 0, to: 2 }, "written", 0, 5)],
      false,
    ],
    [
      "has an unacknowledged call if its effect was seen",
      [operation({ write: 1 }, undefined, 0, never), operation("read", 1, 6, 7)],
      true,
    ],
    [
      "need not have an unacknowledged call",
      [operation({ write: 1 }, undefined, 0, never), operation("read", 0, 6, 7)],
      true,
    ],
    [
      "has an unacknowledged call late, and once",
      [
        operation({ write: 1 }, undefined, 0, never),
        operation("read", 0, 1, 2),
        operation("read", 1, 3, 4),
        operation({ write: 2 }, "written", 5, 6),
        operation("read", 1, 7, 8),
      ],
      false,
    ],
    [
      "does not have an effect before its call",
      [operation("read", 1, 0, 1), operation({ write: 1 }, undefined, 2, never)],
      false,
    ],
  ];
  for (const [title, history, expected] of cases)
    it(title, () => {
      const { kind } = checkLinearizable(register, history);
      assert.equal(kind, expected ? "linearizable" : "impossible");
    });

  it("is reported up to its longest valid part, with the operations that cannot follow", () => {
    const written = operation({ write: 1 }, "written", 0, 1);
    const lost = operation("read", 0, 2, 3);
    const verdict = checkLinearizable(register, [written, lost, operation("read", 1, 4, 5)]);
    assert.deepEqual(verdict, { kind: "impossible", longest: [written], stuck: [lost] });
  });

  it("is not searched beyond the limit", () => {
    const writes = Array.from({ length: 14 }, (_, write) => operation({ write }, "written", 0, 100));
    const verdict = checkLinearizable(register, [...writes, operation("read", 99, 101, 102)], {
      stepsMax: 1_000,
    });
    assert.equal(verdict.kind, "undecided");
  });

  const input: fc.Arbitrary<Input> = fc.oneof(
    fc.constant("read" as const),
    fc.record({ write: fc.nat({ max: 2 }) }),
    fc.record({ from: fc.nat({ max: 2 }), to: fc.nat({ max: 2 }) }),
  );
  const inputLists = fc.array(
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

  it("is found exactly if an exhaustive search finds one", () => {
    fc.assert(
      fc.property(inputLists, (operations) => {
        const history = operations.map(({ input, output, calledAt, forMs }) =>
          operation(
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
        (inputs) => {
          let state = 0;
          const history = inputs.map(([request, before, after], index) => {
            const output = answerOf(state, request);
            state = register.step(state, request, output) ?? assert.fail("the model refuses its own answer");
            // It took effect at this time, between its call and its answer.
            const atMs = index * 10;
            return operation(request, output, atMs - before, atMs + 1 + after);
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
function hasAnyOrder(remaining: readonly Registered[], state: number): boolean {
  if (remaining.every(({ output }) => output === undefined)) return true;
  return remaining.some((next) => {
    const others = remaining.filter((other) => other !== next);
    const canBeNext = others.every(
      ({ output, answeredAt }) => output === undefined || answeredAt >= next.calledAt,
    );
    const after = register.step(state, next.input, next.output);
    return canBeNext && after !== undefined && hasAnyOrder(others, after);
  });
}
