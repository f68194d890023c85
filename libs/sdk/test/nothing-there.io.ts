import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("programs/nothing-there.ts", import.meta.url));

it("a program that calls a platform that is not there ends with an error", () => {
  const { status, stderr } = spawnSync(process.execPath, [program], { encoding: "utf8", timeout: 30_000 });
  // Node exits with 13 if nothing keeps a waiting program alive.
  assert.equal(status, 1, stderr);
  assert.match(
    stderr,
    /TuttiError: Tutti is not reachable at 127\.0\.0\.1:1\. Start the platform \(npx tutti dev\)/,
  );
});

it("a program that calls a URL without a platform ends with the same error", () => {
  const env = { ...process.env, TUTTI_URL: "http://127.0.0.1:1", TUTTI_ADDRESS: "" };
  const { status, stderr } = spawnSync(process.execPath, [program, "env"], {
    encoding: "utf8",
    timeout: 30_000,
    env,
  });
  assert.equal(status, 1, stderr);
  assert.match(stderr, /TuttiError: Tutti is not reachable at http:\/\/127\.0\.0\.1:1\. Start the platform/);
});

it("a script that does not start its worker logs a warning when it ends", () => {
  const text = `
    const { Worker } = await import(${JSON.stringify(new URL("../src/worker.ts", import.meta.url))});
    new Worker().handle("hands.work", () => 1);
    await new Worker().handle("hands.rest", () => 1).stop().catch(() => {});
  `;
  const { status, stderr } = runScript(text);
  const warnings = stderr.match(
    /the worker was never started\. End the script with `await worker\.run\(\)`/g,
  );
  assert.deepEqual([status, warnings?.length], [0, 1], stderr);
});

describe("a script whose worker is refused", () => {
  const refusedWorker = `
    const { Worker } = await import(${JSON.stringify(new URL("../src/worker.ts", import.meta.url))});
    const { sdkErrors } = await import(${JSON.stringify(new URL("../src/errors.ts", import.meta.url))});
    const transport = async () => {
      throw sdkErrors.refused({ address: "ws://a", reason: "Pool \`nope\` not found" });
    };
    const worker = new Worker({ pool: "nope" }, { transport }).handle("hands.work", () => 1);
  `;

  it("prints the sentence once, without a stack, and exits with 1", () => {
    const { status, stderr } = runScript(`${refusedWorker} await worker.run();`);
    assert.match(
      stderr,
      /^\{.*"reason":"The host ws:\/\/a rejected the worker: Pool `nope` not found\. .*\n$/,
    );
    assert.deepEqual([status, stderr.includes("    at ")], [1, false], stderr);
  });

  it("can catch the error", () => {
    const { status, stdout } = runScript(
      `${refusedWorker} await worker.run().catch(({ code }) => console.log(code));`,
    );
    assert.deepEqual([status, stdout], [1, "sdk.refused\n"]);
  });

  it("still gets the stack of another error of the same moment", () => {
    const { status, stderr } = runScript(
      `${refusedWorker} await worker.run().catch(() => { throw new Error("mine"); });`,
    );
    assert.notEqual(status, 0);
    assert.match(stderr, /Error: mine\n {4}at /);
  });
});

function runScript(text: string) {
  return spawnSync(process.execPath, ["--conditions=source", "--input-type=module", "-e", text], {
    encoding: "utf8",
    timeout: 30_000,
  });
}
