/** Agents that a process refuses, reported over a real connection to the owner of their pool. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { Offering } from "@tutti/contracts/agent/v1";
import { dispatchService, ExplainPlacementRequest, poolService } from "@tutti/contracts/swarm/v1";
import { WaitCause } from "@tutti/contracts/types/v1";
import { silentLogger, systemFoundation } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { MemoryOwnership, Mesh } from "@tutti/mesh";
import { swarmErrors } from "../src/errors.ts";
import { RefusedAgents } from "../src/links/refused-agents.ts";
import { Relays } from "../src/links/relay/relays.ts";
import { Sender } from "./support/sender.ts";
import { SwarmHost } from "./support/swarm-host.ts";

it("an explanation of a waiting task names agents that another process has refused, with any relayed agents", async () => {
  await using swarm = await SwarmHost.start();
  const { address } = swarm;
  const ownership = new MemoryOwnership({ fallback: () => ({ instance: "swarm", address, epoch: 1 }) });
  const mesh = new Mesh({ settings: { transport: "grpc", peers: { swarm: [address] } }, ownership });
  const foundation = { ...systemFoundation(), logger: silentLogger };
  const now = () => performance.now();
  const relays = new Relays({
    ...{ foundation, now, host: "inst_other", keepaliveMs: 5_000 },
    dispatch: mesh.client(dispatchService),
  });
  const notHere = {
    holds: () => false,
    admitted: () => assert.fail("it is owned elsewhere"),
    turns: { schedule() {} },
  };
  const refused = new RefusedAgents({ pools: notHere, relays, now });
  const sender = new Sender(swarm.host.mesh);
  try {
    const offering = Offering.fromPartial({ capabilities: [{ name: "test.echo", version: "1.0.0" }] });
    const error = swarmErrors.notGranted({ found: "capability test.echo" });
    const come = (agentId: string) =>
      refused.report({ namespace: "default", pool: "default", agentId, offering }, error);
    sender.offer([1]);
    const work = { kind: "run", id: "run-1", task: "echo" };
    const explain = async () => {
      const request = ExplainPlacementRequest.fromPartial({ work });
      return (await swarm.host.mesh.client(poolService).explainPlacement(request)).explanation;
    };
    // One after the other: the stream of the first report may have ended or not.
    for (const [agentId, also] of [
      [
        "first",
        /first offered test\.echo and was refused: The credential of the agent does not grant its offering: .*capability test\.echo/,
      ],
      ["second", /second offered .*Another agent was refused too/],
      ["third", /third offered .*2 others were refused too/],
    ] as const) {
      come(agentId);
      const { waits } = await until(`${agentId} to be reported`, async () => {
        const found = await explain().catch(() => undefined);
        return found !== undefined && also.test(found.summary) && found;
      });
      assert.equal(waits[0]?.cause, WaitCause.WAIT_CAUSE_POLICY);
    }
    await until("the unneeded stream to be over", () => [...relays.all].length === 0);
  } finally {
    relays.stop();
    sender.close();
    await mesh.stop();
  }
});
