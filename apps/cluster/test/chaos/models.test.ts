import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkLinearizable, type Model, type Operation } from "@tutti/simulation/linearizability";
import { entryModel, idModel, lockModel } from "./models.ts";

/** Judges a sequence of calls, each with its input and reply. */
function kindOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  calls: readonly (readonly [Input, Output | undefined])[],
): string {
  const history: Operation<Input, Output>[] = calls.map(([input, output], index) => ({
    ...{ input, output, calledAt: index * 2 },
    answeredAt: output === undefined ? Number.POSITIVE_INFINITY : index * 2 + 1,
  }));
  return checkLinearizable(model, history).kind;
}

const linearizable = "linearizable";
const impossible = "impossible";

describe("an entry of a board", () => {
  const read = { kind: "read" } as const;
  const write = (value: string, ifVersion?: number) =>
    ({ kind: "write", value, ...(ifVersion !== undefined && { ifVersion }) }) as const;
  const is = (value: string, version: number) => ({ kind: "is", value, version }) as const;
  const written = (version: number) => ({ kind: "written", version }) as const;
  const lost = (value: string, version: number) => ({ kind: "lost", value, version }) as const;

  it("is its last write, with growing versions", () => {
    assert.equal(
      kindOf(entryModel, [
        [read, is("", 0)],
        [write("a"), written(1)],
        [write("b", 1), written(2)],
        [read, is("b", 2)],
      ]),
      linearizable,
    );
    assert.equal(
      kindOf(entryModel, [
        [write("a"), written(1)],
        [write("b"), written(1)],
      ]),
      impossible,
    );
    assert.equal(
      kindOf(entryModel, [
        [write("a"), written(1)],
        [read, is("", 0)],
      ]),
      impossible,
    );
  });

  it("is written by only one of two writers with the same version", () => {
    assert.equal(
      kindOf(entryModel, [
        [write("a"), written(1)],
        [write("b", 1), written(2)],
        [write("c", 1), lost("b", 2)],
      ]),
      linearizable,
    );
    assert.equal(
      kindOf(entryModel, [
        [write("a"), written(1)],
        [write("b", 1), written(2)],
        [write("c", 1), written(3)],
      ]),
      impossible,
    );
    assert.equal(
      kindOf(entryModel, [
        [write("a"), written(1)],
        [write("b", 1), lost("a", 1)],
      ]),
      impossible,
    );
  });

  it("may include an unacknowledged write, and keeps it once a read has returned it", () => {
    assert.equal(
      kindOf(entryModel, [
        [write("a"), undefined],
        [read, is("a", 1)],
        [read, is("a", 1)],
      ]),
      linearizable,
    );
    assert.equal(
      kindOf(entryModel, [
        [write("a"), undefined],
        [read, is("", 0)],
      ]),
      linearizable,
    );
    assert.equal(
      kindOf(entryModel, [
        [write("a"), undefined],
        [read, is("a", 1)],
        [read, is("", 0)],
      ]),
      impossible,
    );
    assert.equal(
      kindOf(entryModel, [
        [write("a", 0), undefined],
        [write("b", 0), lost("a", 1)],
      ]),
      linearizable,
    );
  });
});

describe("a lock", () => {
  const acquire = (holder: string) => ({ kind: "acquire", holder }) as const;
  const release = (holder: string) => ({ kind: "release", holder }) as const;
  const granted = (token: number) => ({ kind: "granted", token }) as const;
  const refused = { kind: "refused" } as const;
  const released = (was: boolean) => ({ kind: "released", was }) as const;

  it("has one holder at a time, with growing tokens", () => {
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), granted(5)],
        [acquire("b"), refused],
        [release("a"), released(true)],
        [acquire("b"), granted(6)],
      ]),
      linearizable,
    );
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), granted(5)],
        [acquire("b"), granted(6)],
      ]),
      impossible,
    );
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), granted(5)],
        [release("a"), released(true)],
        [acquire("b"), granted(5)],
      ]),
      impossible,
    );
    assert.equal(kindOf(lockModel, [[acquire("a"), refused]]), impossible);
  });

  it("is granted again to its holder, even if the first grant was not acknowledged", () => {
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), undefined],
        [acquire("b"), refused],
        [acquire("a"), granted(9)],
      ]),
      linearizable,
    );
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), undefined],
        [acquire("b"), granted(9)],
        [release("b"), released(true)],
      ]),
      linearizable,
    );
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), granted(5)],
        [acquire("a"), granted(4)],
      ]),
      impossible,
    );
  });

  it("is free after its release, even if only the repeated release was acknowledged", () => {
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), granted(5)],
        [release("a"), released(false)],
        [acquire("b"), granted(6)],
      ]),
      linearizable,
    );
    assert.equal(
      kindOf(lockModel, [
        [acquire("a"), granted(5)],
        [release("a"), released(false)],
        [acquire("b"), refused],
      ]),
      impossible,
    );
    assert.equal(kindOf(lockModel, [[release("a"), released(true)]]), impossible);
  });
});

describe("the id of a run", () => {
  const start = (by: string) => ({ kind: "start", by }) as const;
  const look = { kind: "look" } as const;
  const is = (by: string) => ({ kind: "is", by }) as const;
  const his = { kind: "his" } as const;
  const taken = { kind: "taken" } as const;

  it("belongs to its first start forever", () => {
    assert.equal(
      kindOf(idModel, [
        [look, is("")],
        [start("a"), his],
        [start("b"), taken],
        [start("a"), his],
        [look, is("a")],
      ]),
      linearizable,
    );
    assert.equal(
      kindOf(idModel, [
        [start("a"), his],
        [start("b"), his],
      ]),
      impossible,
    );
    assert.equal(
      kindOf(idModel, [
        [start("a"), his],
        [look, is("")],
      ]),
      impossible,
    );
    assert.equal(kindOf(idModel, [[start("b"), taken]]), impossible);
  });

  it("may belong to a start that was not acknowledged", () => {
    assert.equal(
      kindOf(idModel, [
        [start("a"), undefined],
        [start("b"), taken],
        [look, is("a")],
      ]),
      linearizable,
    );
    assert.equal(
      kindOf(idModel, [
        [start("a"), undefined],
        [start("b"), his],
        [look, is("b")],
      ]),
      linearizable,
    );
  });
});
