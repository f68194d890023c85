import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { promptDefer } from "./turns.ts";

function world() {
  const queues = { now: [] as (() => void)[], later: [] as (() => void)[] };
  const ran: string[] = [];
  const defer = promptDefer(
    (run) => queues.now.push(run),
    (run) => queues.later.push(run),
  );
  const drain = (queue: (() => void)[]) => {
    for (const run of queue.splice(0)) run();
  };
  return {
    printed: ran,
    schedule: (name: string) => defer(() => ran.push(name)),
    /** The current callback of the event loop ends. */
    endCallback: () => drain(queues.now),
    /** The turn of the event loop ends. */
    endTurn: () => {
      drain(queues.now);
      drain(queues.later);
    },
  };
}

describe("the first deferred call in a turn of the event loop", () => {
  it("runs when the current callback ends, in each turn", () => {
    const { printed, schedule, endCallback, endTurn } = world();
    for (const name of ["a", "b", "c"]) {
      schedule(name);
      endCallback();
      assert.equal(printed.at(-1), name);
      endTurn();
    }
  });

  it("does not run within the call", () => {
    const { printed, schedule } = world();
    schedule("a");
    assert.deepEqual(printed, []);
  });
});

describe("a second deferred call in the same turn", () => {
  it("waits for the end of the turn, and so do the next calls", () => {
    const { printed, schedule, endCallback, endTurn } = world();
    schedule("a");
    endCallback();
    schedule("b");
    endCallback();
    assert.deepEqual(printed, ["a"]);
    endTurn();
    assert.deepEqual(printed, ["a", "b"]);
    schedule("c");
    endCallback();
    assert.deepEqual(printed, ["a", "b"]);
  });

  it("no longer delays later calls after some turns with one call each", () => {
    const { printed, schedule, endCallback, endTurn } = world();
    schedule("a");
    schedule("b");
    endTurn();
    let rounds = 0;
    for (let isPrompt = false; !isPrompt; rounds++) {
      schedule(`${rounds}`);
      endCallback();
      isPrompt = printed.at(-1) === `${rounds}`;
      endTurn();
      assert.ok(rounds < 100, "a lone message waits for ever");
    }
    assert.ok(rounds > 2, "one round is no proof that the crowd is over");
  });
});
