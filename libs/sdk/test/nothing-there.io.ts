import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";
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
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--conditions=source", "--input-type=module", "-e", text],
    { encoding: "utf8", timeout: 30_000 },
  );
  const warnings = stderr.match(
    /the worker was never started\. End the script with `await worker\.run\(\)`/g,
  );
  assert.deepEqual([status, warnings?.length], [0, 1], stderr);
});
