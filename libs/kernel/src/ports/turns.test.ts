import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { promptDefer } from "./turns.ts";

function world() {
  const queues = { now: [] as (() => void)[], later: [] as (() => void)[] };
  const said: string[] = [];
  const defer = promptDefer(
    (run) => queues.now.push(run),
    (run) => queues.later.push(run),
  );
  const drain = (queue: (() => void)[]) => {
    for (const run of queue.splice(0)) run();
  };
  return {
    said,
    ask: (name: string) => defer(() => said.push(name)),
    /** The current callback of the event loop ends. */
    endCallback: () => drain(queues.now),
    /** The turn of the event loop ends. */
    endTurn: () => {
      drain(queues.now);
      drain(queues.later);
    },
  };
}

describe("the first of a turn of the event loop", () => {
  it("runs when the current callback ends, in each turn", () => {
    const { said, ask, endCallback, endTurn } = world();
    for (const name of ["a", "b", "c"]) {
      ask(name);
      endCallback();
      assert.equal(said.at(-1), name);
      endTurn();
    }
  });

  it("does not run within the call", () => {
    const { said, ask } = world();
    ask("a");
    assert.deepEqual(said, []);
  });
});

describe("a second one in the same turn", () => {
  it("waits for the end of the turn, and so do the next rounds", () => {
    const { said, ask, endCallback, endTurn } = world();
    ask("a");
    endCallback();
    ask("b");
    endCallback();
    assert.deepEqual(said, ["a"]);
    endTurn();
    assert.deepEqual(said, ["a", "b"]);
    ask("c");
    endCallback();
    assert.deepEqual(said, ["a", "b"]);
  });

  it("is forgotten after a while without one", () => {
    const { said, ask, endCallback, endTurn } = world();
    ask("a");
    ask("b");
    endTurn();
    let rounds = 0;
    for (let isPrompt = false; !isPrompt; rounds++) {
      ask(`${rounds}`);
      endCallback();
      isPrompt = said.at(-1) === `${rounds}`;
      endTurn();
      assert.ok(rounds < 100, "a lone message waits for ever");
    }
    assert.ok(rounds > 2, "one round is no proof that the crowd is over");
  });
});
