import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { testFoundation, until } from "@tutti/kernel/testing";
import type { Clone } from "./clone.ts";
import { Demonstration } from "./demonstration.ts";

/** A module that starts the work of the demonstration: each call runs the next function of the list. */
function moduleWith(...calls: readonly string[]): Clone["startModule"] {
  const code = `
    const calls = [${calls.map((call) => `() => { ${call} }`).join(", ")}];
    export async function start() { calls.shift()(); }`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

const refused = 'throw Object.assign(new Error("nobody listens"), { code: "ECONNREFUSED" })';
const wrong = 'throw new TypeError("the definition is not there")';

describe("starting the demo runs", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-demonstration-"));
  });
  after(() => rm(folder, { recursive: true }));

  function demonstration(name: string, startModule: Clone["startModule"]) {
    const foundation = testFoundation();
    const mark = join(folder, name);
    const demonstration = new Demonstration({
      foundation,
      clone: {
        startModule,
        race: "",
        workerInTypeScript: "",
        workerInPython: "",
        leashForNode: "",
        leashForPython: "",
        pythonPackage: "",
        cache: "",
      },
      pythons: [],
      mark,
      address: () => "127.0.0.1:1",
      url: () => "http://127.0.0.1:1",
      print: () => {},
      launch: () => {
        const { promise, resolve } = Promise.withResolvers<{ code: number; signal: null }>();
        return { pid: 1, ended: promise, signal: () => resolve({ code: 0, signal: null }) };
      },
    });
    const messages = () =>
      foundation.logger.lines
        .filter(({ message }) => /^(failed to start the demo|demo started)/.test(message))
        .map(({ message }) => message);
    /** Advances time until this many lines were logged. */
    const untilMessages = (count: number) =>
      until(
        `${count} lines`,
        () => {
          if (messages().length < count) foundation.time.advance(100);
          return messages();
        },
        (lines) => lines.length >= count,
      );
    return { demonstration, mark, untilMessages: untilMessages, printed: messages };
  }

  it("is tried again while the platform is too slow to answer, and marked once it is there", async () => {
    const {
      demonstration: it,
      mark,
      untilMessages,
    } = demonstration("slow", moduleWith(refused, refused, ""));
    it.start();
    assert.deepEqual(await untilMessages(3), [
      "failed to start the demo runs, retrying",
      "failed to start the demo runs, retrying",
      "demo started",
    ]);
    assert.equal(existsSync(mark), true);
    await it.drain(new AbortController().signal);
  });

  it("waits for the next start if a retry cannot help", async () => {
    const { demonstration: it, mark, untilMessages } = demonstration("wrong", moduleWith(wrong, ""));
    it.start();
    assert.deepEqual(await untilMessages(1), ["failed to start the demo runs, retrying at the next start"]);
    await it.drain(new AbortController().signal);
    assert.equal(existsSync(mark), false);
  });

  it("is tried no more once the platform stops", async () => {
    const {
      demonstration: it,
      mark,
      untilMessages,
      printed,
    } = demonstration("stops", moduleWith(refused, ""));
    it.start();
    await untilMessages(1);
    await it.drain(new AbortController().signal);
    assert.equal(printed().length, 1);
    assert.equal(existsSync(mark), false);
  });
});
