/** The next owner of a pool knows the decisions of scalers and the crashes: real programs, in real time. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { Hold } from "@tutti/contracts/agent/v1";
import { agentService, Scaler, scalerService } from "@tutti/contracts/swarm/v1";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { swarm } from "../src/service.ts";

const flags = ["--mesh.listen=127.0.0.1:0", "--operations.port=0", "--log.level=fatal"];

async function start(directory: string): Promise<ServiceHost> {
  const host = await ServiceHost.open({
    ...{ name: "swarm", version: "0.1.0", services: [swarm] },
    sources: memorySources({ arguments: [...flags, "--swarm.scaling.everyMs=100"] }),
    dataDirectory: () => directory,
  });
  await host.start();
  return host;
}

it("the next owner of a pool knows past scaling decisions, and keeps a crashed agent quarantined until its release", async () => {
  const directory = await mkdtemp(join(tmpdir(), "scaler-past-"));
  let host = await start(directory);
  const crew = { namespace: "", pool: "", scalerId: "crew" };
  const status = async () => (await host.mesh.client(scalerService).getScaler(crew)).scaler?.status;
  const log = async () =>
    (await host.mesh.client(scalerService).listScalings({ ...crew, page: undefined })).scalings;
  const agent = async () =>
    (await host.mesh.client(agentService).getAgent({ namespace: "", pool: "", agentId: "crew-1" })).agent;
  try {
    const command = [process.execPath, "-e", "process.exit(1)"];
    const driver = { $case: "process" as const, value: { command, stopMs: 100 } };
    const scaler = Scaler.fromPartial({ scalerId: "crew", minAgents: 1, maxAgents: 1, driver });
    await host.mesh.client(scalerService).createScaler({ namespace: "", scaler });
    await until("quarantine", async () => (await status())?.quarantined === 1);
    const [decided] = await log();
    assert.equal(decided?.wanted, 1);
    await host.stop();

    host = await start(directory);
    await until("quarantine, without a program", async () => (await status())?.quarantined === 1);
    const found = await agent();
    assert.deepEqual([found?.crashes, found?.hold], [5, Hold.HOLD_QUARANTINED]);
    assert.match(found?.holdCause?.reason ?? "", /ended with code 1, 5 times in a row/);
    assert.match((await status())?.error?.message ?? "", /it ended with code 1/);
    const after = await log();
    assert.deepEqual(after.at(-1), decided, "what was decided before is the oldest");
    await host.mesh
      .client(agentService)
      .releaseAgent({ namespace: "", pool: "", agentId: "crew-1", reason: "mended" });
    const message = async () => (await status())?.error?.message ?? "";
    await until("its own row", async () => / [12] times? in a row/.test(await message()));
  } finally {
    await host.stop();
    await rm(directory, { recursive: true });
  }
});
