import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RequestThread, type RequestThreadOptions } from "./request-thread.ts";

interface Question {
  readonly id: number;
  readonly text: string;
}

const program = `
  import { parentPort } from "node:worker_threads";
  parentPort.on("message", ({ id, text }) => {
    if (text !== "never") parentPort.postMessage({ id, result: text });
  });
`;

function threadOf(idle: Partial<RequestThreadOptions> = {}): RequestThread<Question> {
  const file = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
  return new RequestThread({
    name: "test",
    file,
    youngMb: 4,
    deathError: (reason) => new Error(reason),
    ...idle,
  });
}

/** Timers that fire when the test tells them to. */
function manualTimers() {
  const due: (() => void)[] = [];
  const timers = {
    after(_delayMs: number, callback: () => void) {
      due.push(callback);
      return { cancel: () => {} };
    },
  };
  return { timers, fire: () => due.shift()?.(), due };
}

describe("a request thread", () => {
  it("answers each request, and starts again for a request after its end", async () => {
    const thread = threadOf();
    assert.equal(await thread.request((id) => ({ id, text: "a" })), "a");
    await thread.terminate();
    assert.equal(thread.isStarted, false);
    assert.equal(await thread.request((id) => ({ id, text: "b" })), "b");
    await thread.terminate();
  });

  it("ends even if a waiting caller sends another request at once", async () => {
    const thread = threadOf();
    await thread.request((id) => ({ id, text: "a" }));
    const retried = thread
      .request((id) => ({ id, text: "never" }))
      .catch(() => thread.request((id) => ({ id, text: "c" })));
    await thread.terminate();
    assert.equal(await retried, "c");
    await thread.terminate();
  });

  it("ends when it is idle, and questions that meet its end get answers of the next thread in their order", async () => {
    const { timers, fire } = manualTimers();
    const thread = threadOf({ timers });
    await thread.request((id) => ({ id, text: "a" }));
    const first = thread.started();
    fire();
    assert.equal(thread.isStarted, false);
    assert.equal(thread.started(), first + 1);
    const answers = ["b", "c"].map((text) => thread.request((id) => ({ id, text })));
    assert.deepEqual(await Promise.all(answers), ["b", "c"]);
    assert.equal(thread.started(), first + 1);
    await thread.terminate();
  });

  it("continues after a new question, and while it has state between questions", async () => {
    const { timers, fire, due } = manualTimers();
    let mayEnd = false;
    const thread = threadOf({ timers, mayEnd: () => mayEnd });
    await thread.request((id) => ({ id, text: "a" }));
    await thread.request((id) => ({ id, text: "b" }));
    assert.equal(due.length, 1);
    fire();
    assert.equal(thread.isStarted, true);
    fire();
    assert.equal(thread.isStarted, true);
    mayEnd = true;
    fire();
    assert.equal(thread.isStarted, false);
    await thread.terminate();
  });

  it("refuses questions that wait for the next thread when it is ended", async () => {
    const { timers, fire } = manualTimers();
    const thread = threadOf({ timers });
    await thread.request((id) => ({ id, text: "a" }));
    fire();
    const rejection = assert.rejects(
      thread.request((id) => ({ id, text: "b" })),
      { message: "it was stopped" },
    );
    await thread.terminate();
    await rejection;
    assert.equal(thread.isStarted, false);
  });
});
