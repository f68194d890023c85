// @ts-check

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { withLock } from "../lock.mjs";
import { emptyFolder, run } from "./tree.mjs";

const nobody = 2 ** 22 + 1;

describe("a lock", () => {
  it("lets one in at a time, and tells a waiter who holds it", async (t) => {
    const file = join(emptyFolder(t), "deep", "x.lock");
    /** @type {string[]} */
    const story = [];
    /** @param {string} name */
    const work = (name) =>
      withLock(
        file,
        async () => {
          story.push(`${name} in`);
          await Promise.resolve();
          story.push(`${name} out`);
        },
        (holder) => story.push(`${name} waits for ${holder}`),
      );
    await Promise.all([work("a"), work("b")]);
    assert.deepEqual(story, ["a in", `b waits for process ${process.pid}`, "a out", "b in", "b out"]);
    assert.equal(existsSync(file), false);
  });

  it("is given back when the work fails", async (t) => {
    const file = join(emptyFolder(t), "x.lock");
    await assert.rejects(
      withLock(file, () => Promise.reject(new Error("no"))),
      /no/,
    );
    assert.equal(await withLock(file, () => 1), 1);
  });

  it("of a process that died is taken over", async (t) => {
    const file = join(emptyFolder(t), "x.lock");
    writeFileSync(file, `${nobody} ${hostname()}\n`);
    assert.equal(await withLock(file, () => 1), 1);
  });

  it("lets one process in at a time, also where a dead one held it", async (t) => {
    const folder = emptyFolder(t);
    const file = join(folder, "x.lock");
    const log = join(folder, "log");
    writeFileSync(file, `${nobody} ${hostname()}\n`);
    const script = `
      import { appendFileSync } from "node:fs";
      import { withLock } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "..", "lock.mjs")).href)};
      for (let i = 0; i < 5; i++) await withLock(${JSON.stringify(file)}, () => {
        appendFileSync(${JSON.stringify(log)}, "(");
        appendFileSync(${JSON.stringify(log)}, ")");
      });`;
    const processes = [1, 2, 3, 4].map(() =>
      run(process.execPath, ["--input-type=module", "-e", script], {}),
    );
    for (const { code, output } of await Promise.all(processes)) assert.equal(code, 0, output);
    assert.equal(readFileSync(log, "utf8"), "()".repeat(20));
  });
});
