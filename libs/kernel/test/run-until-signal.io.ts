import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("./programs/draining.ts", import.meta.url));

/** Runs the program and acts on each word that it prints. Returns the words and its exit. */
async function run(
  behaviour: string,
  act: (line: string, child: ChildProcessByStdio<null, Readable, null>) => void,
) {
  const child = spawn(process.execPath, [program, behaviour], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const words: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    words.push(line);
    act(line, child);
  }
  const [code, signal] = await ended;
  return { words, code, signal };
}

describe("runUntilSignal in a real process", { concurrency: true }, () => {
  it("stays alive without work, drains at SIGTERM, and exits with 0", async () => {
    const outcome = await run("drains", (line, child) => line === "ready" && child.kill("SIGTERM"));
    assert.deepEqual(outcome, { words: ["ready", "draining", "stopped"], code: 0, signal: null });
  });

  it("exits at once with 130 at a second signal, SIGINT, while the drain hangs", async () => {
    const outcome = await run("hangs", (line, child) => {
      if (line === "ready") child.kill("SIGTERM");
      if (line === "draining") child.kill("SIGINT");
    });
    assert.deepEqual(outcome, { words: ["ready", "draining"], code: 130, signal: null });
  });

  it("drains and exits with 1 when a rejection is uncaught", async () => {
    const outcome = await run("forgets", () => {});
    assert.deepEqual(outcome, { words: ["ready", "draining", "stopped"], code: 1, signal: null });
  });
});
