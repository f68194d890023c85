/** Durable functions that never yield to the event loop, on a real platform. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "@tutti/kernel/testing";
import { connect, type RunHandle, type Tutti } from "@tutti/sdk/client";
import { needsProgram } from "../../../tools/programs.mjs";
import { type ProcessOptions, TestProcess } from "./support/process.ts";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const python = await needsProgram("python3");
const placeOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

describe("a durable function with a loop that never waits", () => {
  let folder: Folder;
  let platform: Service;
  let tutti: Tutti;

  before(async () => {
    folder = await makeFolder();
    platform = await start("platform", [`--platform.dataDirectory=${folder.path}`]);
    tutti = await connect({ address: platform.grpc });
  });
  after(async () => {
    await tutti?.close();
    await platform?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  /** Returns the log line of the worker when its function is ended. The worker continues its other work. */
  async function failureLineOf(language: string, options: ProcessOptions): Promise<string> {
    await using worker = new TestProcess(options);
    const startRun = (name: string, id: string, input: object = {}) =>
      until(
        `${name} is registered`,
        () => tutti.run(name, { id, input: { ...input } }).catch(() => undefined),
        (run): run is RunHandle => run !== undefined,
      );
    const waiting = await startRun("patient", `patient-${language}`);
    const endless = await startRun("blocked", `blocked-${language}`, { isEndless: true });
    const found = await until(
      "it failed its turn",
      async () => JSON.stringify(await endless.why()),
      (text) => text.includes("blocked its worker"),
    );
    await waiting.signal("continue");
    assert.equal(await waiting.result(), "patient");
    assert.equal(await (await tutti.run("blocked", { input: { isEndless: false } })).result(), "done");
    await endless.cancel();
    await worker.kill();
    return found;
  }

  it("is ended in TypeScript, and the error names the line", async () => {
    const program = placeOf("programs/blocked-worker.ts");
    const options = { program, arguments: [platform.grpc, platform.http] };
    const found = await failureLineOf("typescript", options);
    assert.match(found, /`blocked` blocked its worker for 1\.5 s, at [\w./-]*blocked-worker\.ts:8/);
  });

  it("is ended in Python, and the error names the line", { skip: python.skip }, async () => {
    const options = {
      program: python.path,
      arguments: [placeOf("programs/blocked_worker.py"), platform.grpc, platform.http],
      environment: { PYTHONPATH: placeOf("../../../sdk/python/src") },
    };
    const found = await failureLineOf("python", options);
    assert.match(found, /`blocked` blocked its worker for 1\.5 s, at [\w./-]*blocked_worker\.py:1[34]/);
  });
});
