import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkLinearizable, type Model, type Operation } from "@tutti/simulation/linearizability";
import { entryModel, idModel, lockModel } from "./models.ts";

/** Judges a sequence of calls, each with its input and reply. */
function kindOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  said: readonly (readonly [Input, Output | undefined])[],
): string {
  const history: Operation<Input, Output>[] = said.map(([input, output], index) => ({
    ...{ input, output, calledAt: index * 2 },
    answeredAt: output === undefined ? Number.POSITIVE_INFINITY : index * 2 + 1,
  }));
  return checkLinearizable(model, history).kind;
}

const yes = "linearizable";
const no = "impossible";

describe("an entry of a board", () => {
  const read = { kind: "read" } as const;
  const write = (value: string, ifVersion?: number) =>
    ({ kind: "write", value, ...(ifVersion !== undefined && { ifVersion }) }) as const;
  const is = (value: string, version: number) => ({ kind: "is", value, version }) as const;
  const written = (version: number) => ({ kind: "written", version }) as const;
  const lost = (value: string, version: number) => ({ kind: "lost", value, version }) as const;

  it("is what was written last, with versions that grow", () => {
    assert.equal(
      kindOf(entryModel, [
        [read, is("", 0)],
        [write("a"), written(1)],
        [write("b", 1), written(2)],
        [read, is("b", 2)],
      ]),
      yes,
    );
    assert.equal(
      kindOf(entryModel, [
        [write("a"), written(1)],
        [write("b"), written(1)],
      ]),
      no,
    );
    assert.equal(
      kindOf(entryModel, [
        [write("a"), written(1)],
        [read, is("", 0)],
      ]),
      no,
    );
  });

  it("is written by one of two that know the same version", () => {
    assert.equal(
      kindOf(entryModel, [
        [write("a"), written(1)],
        [write("b", 1), written(2)],
        [write("c", 1), lost("b", 2)],
      ]),
      yes,
    );
    assert.equal(
      kindOf(entryModel, [
        [write("a"), written(1)],
        [write("b", 1), written(2)],
        [write("c", 1), written(3)],
      ]),
      no,
    );
    assert.equal(
      kindOf(entryModel, [
        [write("a"), written(1)],
        [write("b", 1), lost("a", 1)],
      ]),
      no,
    );
  });

  it("may have the effect of an unacknowledged write, and keeps it once it was seen", () => {
    assert.equal(
      kindOf(entryModel, [
        [write("a"), undefined],
        [read, is("a", 1)],
        [read, is("a", 1)],
      ]),
      yes,
    );
    assert.equal(
      kindOf(entryModel, [
        [write("a"), undefined],
        [read, is("", 0)],
      ]),
      yes,
    );
    assert.equal(
      kindOf(entryModel, [
        [write("a"), undefined],
        [read, is("a", 1)],
        [read, is("", 0)],
      ]),
      no,
    );
    assert.equal(
      kindOf(entryModel, [
        [write("a", 0), undefined],
        [write("b", 0), lost("a", 1)],
      ]),
      yes,
    );
  });
});

describe("a lock", () => {
  const acquire = (holder: string) => ({ kind: "acquire", holder }) as const;
  const release = (holder: string) => ({ kind: "release", holder }) as const;
  const granted = (token: number) => ({ kind: "granted", token }) as const;
  const refused = { kind: "refused" } as const;
  const released = (was: boolean) => ({ kind: "released", was }) as const;

  it("is held by one, with tokens that grow", () => {
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), granted(5)],
        [acquire("b"), refused],
        [release("a"), released(true)],
        [acquire("b"), granted(6)],
      ]),
      yes,
    );
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), granted(5)],
        [acquire("b"), granted(6)],
      ]),
      no,
    );
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), granted(5)],
        [release("a"), released(true)],
        [acquire("b"), granted(5)],
      ]),
      no,
    );
    assert.equal(kindOf(lockModel, [[acquire("a"), refused]]), no);
  });

  it("is given again to who holds it, also where he was not told", () => {
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), undefined],
        [acquire("b"), refused],
        [acquire("a"), granted(9)],
      ]),
      yes,
    );
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), undefined],
        [acquire("b"), granted(9)],
        [release("b"), released(true)],
      ]),
      yes,
    );
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), granted(5)],
        [acquire("a"), granted(4)],
      ]),
      no,
    );
  });

  it("is free after it was given back, also where only the repeated call was answered", () => {
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), granted(5)],
        [release("a"), released(false)],
        [acquire("b"), granted(6)],
      ]),
      yes,
    );
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), granted(5)],
        [release("a"), released(false)],
        [acquire("b"), refused],
      ]),
      no,
    );
    assert.equal(kindOf(lockModel, [[release("a"), released(true)]]), no);
  });
});

describe("the id of a run", () => {
  const start = (by: string) => ({ kind: "start", by }) as const;
  const look = { kind: "look" } as const;
  const is = (by: string) => ({ kind: "is", by }) as const;
  const his = { kind: "his" } as const;
  const taken = { kind: "taken" } as const;

  it("is the first one's, for ever", () => {
    assert.equal(
      kindOf(idModel, [
        [look, is("")],
        [start("a"), his],
        [start("b"), taken],
        [start("a"), his],
        [look, is("a")],
      ]),
      yes,
    );
    assert.equal(
      kindOf(idModel, [
        [start("a"), his],
        [start("b"), his],
      ]),
      no,
    );
    assert.equal(
      kindOf(idModel, [
        [start("a"), his],
        [look, is("")],
      ]),
      no,
    );
    assert.equal(kindOf(idModel, [[start("b"), taken]]), no);
  });

  it("may be his who was not told", () => {
    assert.equal(
      kindOf(idModel, [
        [start("a"), undefined],
        [start("b"), taken],
        [look, is("a")],
      ]),
      yes,
    );
    assert.equal(
      kindOf(idModel, [
        [start("a"), undefined],
        [start("b"), his],
        [look, is("b")],
      ]),
      yes,
    );
  });
});
