// @ts-check

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { emptyFolder, run } from "./tree.mjs";

const script = join(import.meta.dirname, "..", "programs.mjs");
const skip = existsSync("/usr/bin/apt-get") ? false : "apt not found on this system";

describe("programs that are not on PATH", { skip }, () => {
  it("are brought into the cache with apt once, also when several processes ask at the same time", async (t) => {
    const cache = emptyFolder(t);
    // Files of a process that died during a download.
    mkdirSync(join(cache, "part-dead"));
    writeFileSync(join(cache, "part-dead", "nats-server.deb"), "half");
    const env = { HOME: emptyFolder(t), PATH: "/usr/bin:/bin", TUTTI_CACHE: cache };
    const ask = () => run(process.execPath, [script, "nats-server", "promtool"], { env });
    // If the system has it, nothing is downloaded.
    const isThere = existsSync("/usr/bin/promtool");
    const promtool = isThere ? "/usr/bin/promtool" : join(cache, "trixie-promtool/usr/bin/promtool");
    for (const { code, output } of await Promise.all([ask(), ask(), ask()])) {
      assert.equal(output, `${join(cache, "trixie-nats-server/usr/sbin/nats-server")}\n${promtool}\n`);
      assert.equal(code, 0);
    }
    const brought = ["apt", "trixie-nats-server", ...(isThere ? [] : ["trixie-promtool"])];
    assert.deepEqual(readdirSync(cache).sort(), brought);
    assert.deepEqual(readdirSync(env.HOME), []);

    const { output } = await run(join(cache, "trixie-nats-server/usr/sbin/nats-server"), ["--version"], {});
    assert.match(output, /v2\.\d+\.\d+/);
  });

  it("that are modules for the system's own interpreter come with what they need and the system lacks", async (t) => {
    const env = { HOME: emptyFolder(t), PATH: "/usr/bin:/bin", TUTTI_CACHE: emptyFolder(t) };
    const found = await run(process.execPath, [script, "python3"], { env });
    assert.equal(found.code, 0, found.output);
    const ask = "import grpc.aio, google.protobuf, sys; print(sys.version_info.major)";
    const { output } = await run(found.output.trim(), ["-c", ask], { env });
    assert.equal(output, "3\n");
  });
});
