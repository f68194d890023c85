// The agent without a library, with the capabilities that the conformance program requires.
import { BareAgent } from "../../../../examples/agents/bare-agent.mjs";

const wait = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Error("it was stopped"));
    });
  });

const handlers = {
  "conformance.echo": (input) => input,
  "conformance.fail": (given) => {
    throw given;
  },
  "conformance.throw": ({ message }) => {
    throw new RangeError(message);
  },
  "conformance.busy": ({ retryAfterMs }) => {
    throw { busy: retryAfterMs };
  },
  "conformance.slow": async ({ ms }, { signal }) => {
    await wait(ms, signal);
    return { waited: ms };
  },
  "conformance.stubborn": async ({ ms }) => {
    await wait(ms);
    return { waited: ms };
  },
  "conformance.stream": ({ chunks, channel }, { output }) => {
    for (const chunk of chunks) output(chunk, channel);
    return { count: chunks.length };
  },
  "conformance.saved": (_, { saved, progress }) => {
    if (saved !== undefined) return { saved };
    progress({ fraction: 0.5, message: "half", saved: { step: 1 } });
    throw new Error("half of it is done");
  },
  "conformance.progress": async ({ count }, { progress }) => {
    for (let step = 1; step <= count; step++) {
      progress({ fraction: step / count, message: `${step} of ${count}` });
      await wait(20);
    }
    return { count };
  },
  "conformance.learn": ({ name }) => {
    agent.offer(name, (input) => input);
    return { learned: name };
  },
  "conformance.nap": ({ ms }) => {
    agent.sleep("it was asked to");
    setTimeout(() => agent.wake(), ms);
    return { napped: ms };
  },
  "conformance.big": ({ bytes }) => "x".repeat(bytes),
  "conformance.garbage": () => ({ deep: [1, { wrong: () => "a function" }] }),
  "conformance.context": (
    _,
    { signal: _signal, saved: _saved, output: _output, progress: _progress, ...task },
  ) => ({
    ...task,
    remainingMs: task.remainingMs() ?? null,
  }),
};

const agent = new BareAgent({
  url: process.env.TUTTI_ADDRESS,
  pool: process.env.TUTTI_POOL,
  slots: 4,
  handlers,
});
process.on("SIGTERM", () => agent.drain());
agent.start();
try {
  await agent.ended;
  process.exitCode = 0;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
