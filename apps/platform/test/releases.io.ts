/** Data directories of earlier releases open in this release, and waiting work in them continues. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, it } from "node:test";
import { ServiceHost } from "@tutti/host";
import { dataFormat } from "@tutti/host/storage";
import { memorySources, systemClock } from "@tutti/kernel";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { services } from "../src/service.ts";
import { makeFolder } from "./support/services.ts";

const releases = globSync(join(import.meta.dirname, "releases", "*.tar.gz"));

/** Starts the platform a minute after the data was made. Later, ended runs of the data are deleted. */
async function started(directory: string): Promise<ServiceHost> {
  const flags = ["--mesh.listen=127.0.0.1:0", "--operations.port=0", "--log.level=fatal"];
  const { made } = JSON.parse(readFileSync(join(directory, "data.json"), "utf8"));
  const passedMs = Date.now() - Date.parse(made) - 60_000;
  const clock = { ...systemClock, now: () => systemClock.now() - passedMs };
  const host = await ServiceHost.open({
    ...{ name: "platform", version: "9.0.0", services, dataDirectory: () => directory, ports: { clock } },
    sources: memorySources({ arguments: [...flags, `--platform.dataDirectory=${directory}`] }),
  });
  await host.start();
  return host;
}

describe("the data directory of an earlier release", () => {
  it("at least one is tested", () => assert.ok(releases.length > 0));

  for (const file of releases)
    it(`${basename(file, ".tar.gz")}: results are readable, and waiting runs continue`, async () => {
      await using folder = await makeFolder();
      execFileSync("tar", ["-xzf", file, "-C", folder.path]);
      const host = await started(folder.path);
      const { address } = host.mesh;
      const worker = new Worker({ address, agentId: "of-this-release", handleSignals: false });
      worker.handle("number.double", (n: number) => n * 2);
      await worker.start();
      const tutti = await connect({ address });
      try {
        assert.equal(await tutti.runs.get("completed").result(), 7);
        const types: string[] = [];
        for await (const { type } of tutti.runs.get("completed").events()) types.push(type);
        assert.equal(types.at(-1), "run_completed");
        const waiting = tutti.runs.get("waiting");
        await waiting.signal("go", { more: 2 });
        assert.equal(await waiting.result(), 42);
        const gate = await tutti.run({
          id: "gate",
          tasks: [{ id: "open", uses: "number.double", input: 1 }],
        });
        await gate.result();
        assert.deepEqual(await tutti.sessions.get("waiting-session").result(), { one: 8 });
        for await (const { scheduleId, paused } of tutti.schedules.list())
          assert.deepEqual([scheduleId, paused], ["nightly", true]);
      } finally {
        await tutti.close();
        await worker.stop();
        await host.stop();
      }
    });

  it("has the format of this release from its first start, so that the earlier release refuses it", async () => {
    const [file = ""] = releases;
    await using folder = await makeFolder();
    execFileSync("tar", ["-xzf", file, "-C", folder.path]);
    const about = () => JSON.parse(readFileSync(join(folder.path, "data.json"), "utf8"));
    assert.deepEqual([about().format, about().release], [1, "0.1.0"]);
    await (await started(folder.path)).stop();
    assert.deepEqual([about().format, about().release], [dataFormat, "9.0.0"]);
    await (await started(folder.path)).stop();
  });

  it("of a newer format is refused with the required release, and stays unchanged", async () => {
    const [file = ""] = releases;
    await using folder = await makeFolder();
    execFileSync("tar", ["-xzf", file, "-C", folder.path]);
    const about = join(folder.path, "data.json");
    const newer = JSON.stringify({
      ...JSON.parse(readFileSync(about, "utf8")),
      format: 99,
      release: "99.0.0",
    });
    writeFileSync(about, newer);
    await assert.rejects(started(folder.path), {
      message: /has format 99 of release 99\.0\.0.*Use that release or a newer one\.$/,
    });
    assert.equal(readFileSync(about, "utf8"), newer);
  });
});
