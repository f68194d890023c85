import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AgentKind, agentPollService, ClaimTasksRequest } from "@tutti/contracts/agent/v1";
import { enumName } from "@tutti/contracts/enum";
import {
  FindCapabilitiesRequest,
  GetCapabilityMapRequest,
  registryService,
} from "@tutti/contracts/registry/v1";
import { agentService, ListAgentsRequest } from "@tutti/contracts/swarm/v1";
import { WaitCause } from "@tutti/contracts/types/v1";
import { ExplainRunRequest, runService } from "@tutti/contracts/workflow/v1";
import { until } from "@tutti/kernel/testing";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

describe("the capability map", () => {
  let installation: Installation;
  let tutti: Tutti;
  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
  });
  after(async () => {
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  const registry = () => installation.host.mesh.client(registryService);
  const names = async (namespace = "default") => {
    const request = GetCapabilityMapRequest.fromPartial({ namespace });
    return (await registry().getCapabilityMap(request)).capabilities.map(({ name }) => name);
  };
  const untilListed = (expected: readonly string[], namespace?: string) =>
    until(
      `${expected.join(", ")} to be listed`,
      () => names(namespace),
      (found) => found.join() === expected.join(),
    );

  it("lists capabilities with the number of agents until the last agent is gone, and `why` agrees", async () => {
    const about = { version: "2.1.0", description: "Charges a card.", inputSchema: { type: "object" } };
    const workers = ["anna", "bert"].map((agentId) => installation.worker({ agentId }));
    for (const worker of workers) worker.handle("pay.charge", () => 1, about);
    for (const worker of workers) await worker.start();
    await untilListed(["pay.charge"]);
    const request = FindCapabilitiesRequest.fromPartial({ name: "pay.charge", versionRange: "^2" });
    const { versions } = await until(
      "both agents to be counted",
      () => registry().findCapabilities(request),
      (found) => found.versions[0]?.providers[0]?.providers === 2,
    );
    assert.deepEqual(
      versions.map(({ capability, providers }) => [
        capability?.version,
        JSON.parse(capability?.inputSchema ?? ""),
        providers.map(({ service, providers: agents }) => `${service} ${agents}`),
      ]),
      [["2.1.0", { type: "object" }, ["swarm 2"]]],
    );
    const changed = { version: "2.1.0", description: "Charges.", inputSchema: { type: "array" } };
    for (const worker of workers) worker.describe("pay.charge", changed);
    await until(
      "the changed texts to be listed",
      async () => (await registry().findCapabilities(request)).versions[0]?.capability,
      (found) => found?.description === "Charges." && found.inputSchema === '{"type":"array"}',
    );
    for (const worker of workers) await worker.stop();
    await untilListed([]);
    await tutti.workflows.register("workflow: paying\ntasks: {charge: {uses: pay.charge}}\n");
    const run = await tutti.run("paying", {});
    const { explanation } = await until(
      "the cause to be known",
      () =>
        installation.host.mesh
          .client(runService)
          .explainRun(ExplainRunRequest.fromPartial({ runId: run.id, taskId: "charge" })),
      (reply) => reply.explanation?.waits.some(({ present }) => present) ?? false,
    );
    assert.equal(explanation?.waits.at(-1)?.cause, WaitCause.WAIT_CAUSE_NO_CAPABILITY);
    assert.deepEqual(await names(), []);
    await run.cancel();
  });

  it("covers agents of every kind, each listed with its kind", async () => {
    const kinds = ["function", "command", "container", "model", "conversation", "person"] as const;
    assert.deepEqual(
      Object.values(AgentKind).filter((kind) => typeof kind === "number" && kind > 0).length,
      kinds.length,
    );
    const workers = kinds.map((kind) =>
      installation.worker({ agentId: kind, kind }).handle("kinds.work", () => 1),
    );
    for (const worker of workers) await worker.start();
    const found = await installation.host.mesh
      .client(agentService)
      .listAgents(ListAgentsRequest.fromPartial({}));
    for (const { agentId, kind } of found.agents)
      assert.equal(enumName(AgentKind, kind), `AGENT_KIND_${agentId.toUpperCase()}`);
    assert.equal(found.agents.length, kinds.length);
    for (const worker of workers) await worker.stop();
    await untilListed([]);
  });

  it("lists the capabilities of a polling agent, only in its namespace, until the agent is removed", async () => {
    const namespace = "script";
    const polls = installation.host.mesh.client(agentPollService, { service: "swarm" });
    const offering = { capabilities: [{ name: "mail.send", version: "1.0.0" }], slots: 1 };
    await polls.claimTasks(
      ClaimTasksRequest.fromPartial({
        namespace,
        agentId: "script",
        offering,
        count: 1,
        kind: AgentKind.AGENT_KIND_PERSON,
      }),
    );
    await untilListed(["mail.send"], namespace);
    const { agents } = await installation.host.mesh
      .client(agentService)
      .listAgents(ListAgentsRequest.fromPartial({ namespace }));
    assert.deepEqual(
      agents.map(({ kind }) => kind),
      [AgentKind.AGENT_KIND_PERSON],
    );
    assert.deepEqual(await names(), []);
    await installation.host.mesh
      .client(agentService)
      .removeAgent({ namespace, pool: "", agentId: "script", reason: "", forGood: false });
    await untilListed([], namespace);
  });
});
