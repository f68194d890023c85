import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AskedThread } from "./asked-thread.ts";

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

function threadOf(): AskedThread<Question> {
  const file = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
  return new AskedThread({ name: "test", file, youngMb: 4, gone: (reason) => new Error(reason) });
}

describe("a thread that is asked", () => {
  it("answers each question, and starts again when it is asked after its end", async () => {
    const thread = threadOf();
    assert.equal(await thread.request((id) => ({ id, text: "a" })), "a");
    await thread.terminate();
    assert.equal(thread.isStarted, false);
    assert.equal(await thread.request((id) => ({ id, text: "b" })), "b");
    await thread.terminate();
  });

  it("has ended though the caller that waited asks again at once", async () => {
    const thread = threadOf();
    await thread.request((id) => ({ id, text: "a" }));
    const again = thread
      .request((id) => ({ id, text: "never" }))
      .catch(() => thread.request((id) => ({ id, text: "c" })));
    await thread.terminate();
    assert.equal(await again, "c");
    await thread.terminate();
  });
});
