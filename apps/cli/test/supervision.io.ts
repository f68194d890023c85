/** Programs of a scaler after the supervising platform is killed, and after it stops gracefully. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { until } from "@tutti/kernel/testing";
import { workspaceFolder } from "./support/command.ts";
import { PlatformProcess } from "./support/platform.ts";

const worker = join(workspaceFolder, "apps/swarm/test/programs/worker.ts");
const command = [process.execPath, worker];

interface AgentView {
  readonly agentId: string;
  readonly state: string;
  readonly incarnation: string;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("a platform with supervised agents", () => {
  let platform: PlatformProcess;
  before(async () => {
    platform = await PlatformProcess.start();
  });
  after(() => platform?.[Symbol.asyncDispose]());

  const request = async <T>(path: string, body?: object): Promise<T> => {
    const headers = { "content-type": "application/json" };
    const options = body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) };
    const answer = await fetch(`${platform.url}/v1${path}`, options);
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
    return (await answer.json()) as T;
  };
  const ready = async (): Promise<AgentView> => {
    for (let attempt = 0; attempt < 600; attempt++) {
      const { agents } = await request<{ agents: AgentView[] }>("/agents");
      const agent = agents.find(({ agentId, state }) => agentId === "crew-1" && state === "ready");
      if (agent !== undefined) return agent;
      await wait(50);
    }
    return assert.fail("still waiting for the agent");
  };
  const pidOf = async (): Promise<number> => {
    const { run } = await request<{ run: { runId: string } }>("/runs", { definition: { name: "who" } });
    const ended = await request<{ outcome: { completed: { pid: number } } }>(
      `/runs/${run.runId}/result?waitMs=30000`,
    );
    return ended.outcome.completed.pid;
  };
  const untilExited = async (pid: number): Promise<void> => {
    for (let attempt = 0; attempt < 400 && isAlive(pid); attempt++) await wait(50);
    assert.ok(!isAlive(pid), `${pid} has ended`);
  };

  it("counts a program that ends too often as quarantined, which the rule `agents-quarantined` sees", async () => {
    const quarantined = async () => {
      const text = await (await fetch(`${platform.url}/metrics`)).text();
      return /^tutti_swarm_agents_quarantined (\d+)/m.exec(text)?.[1];
    };
    assert.equal(await quarantined(), "0");
    const broken = [process.execPath, "-e", "process.exit(3)"];
    await request("/pools", { pool: "broken", quarantineAfterCrashes: 1 });
    await request("/scalers", {
      scalerId: "broken",
      pool: "broken",
      minAgents: 1,
      maxAgents: 1,
      process: { command: broken },
    });
    await until("the last crash", quarantined, (count) => count === "1");
    const { rules } = await request<{ rules: { ruleId: string; queries: { metric: string }[] }[] }>(
      "/alert-rules",
    );
    const rule = rules.find(({ ruleId }) => ruleId === "agents-quarantined");
    assert.deepEqual(
      rule?.queries.map(({ metric }) => metric),
      ["tutti_swarm_agents_quarantined"],
    );
    assert.equal(
      (await fetch(`${platform.url}/v1/scalers/broken?pool=broken`, { method: "DELETE" })).status,
      200,
    );
    await until("its end", quarantined, (count) => count === "0");
  });

  it("stops the processes of a killed platform after the restart, and starts others without a request. A graceful stop stops them too", async () => {
    await request("/workflows", {
      text: 'workflow: who\ntasks: {one: {uses: test.who}}\noutput: "${{ tasks.one.output }}"\n',
    });
    await request("/scalers", {
      scalerId: "crew",
      pool: "default",
      minAgents: 1,
      maxAgents: 1,
      process: { command },
    });
    const first = await ready();
    const before = await pidOf();
    assert.ok(isAlive(before));
    await platform.kill("SIGKILL");
    await platform.start();
    const second = await ready();
    assert.notEqual(second.incarnation, first.incarnation);
    await untilExited(before);
    const after = await pidOf();
    assert.notEqual(after, before);
    await platform.kill("SIGTERM");
    await untilExited(after);
  });
});
