import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("programs/nothing-there.ts", import.meta.url));

it("a program that calls a platform that is not there ends with an error", () => {
  const { status, stderr } = spawnSync(process.execPath, [program], { encoding: "utf8", timeout: 30_000 });
  // Node ends with 13 when nothing keeps a waiting program alive.
  assert.equal(status, 1, stderr);
  assert.match(
    stderr,
    /TuttiError: Tutti is not reachable at 127\.0\.0\.1:1\. Start the platform \(npx tutti dev\)/,
  );
});

it("a program whose TUTTI_URL is on another machine hears that it needs the address of gRPC", () => {
  const env = { ...process.env, TUTTI_URL: "https://tutti.example.com" };
  const { status, stderr } = spawnSync(process.execPath, [program, "env"], {
    encoding: "utf8",
    timeout: 30_000,
    env,
  });
  assert.equal(status, 1, stderr);
  assert.match(
    stderr,
    /TuttiError: .*https:\/\/tutti\.example\.com is the HTTP address of another machine\. Set TUTTI_ADDRESS/,
  );
});
