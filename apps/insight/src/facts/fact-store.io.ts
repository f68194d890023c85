import assert from "node:assert/strict";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { it } from "node:test";
import { AgentState } from "@tutti/contracts/agent/v1";
import { Agent } from "@tutti/contracts/swarm/v1";
import { AgentFacts } from "./agent-facts.ts";
import { FactStore } from "./fact-store.ts";

it("the store returns the agents that are not gone, as recorded", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "tutti-facts-"));
  const store = new FactStore(join(folder.path, "facts.sqlite"));
  const agents = ["a", "b"].map((agentId) =>
    Agent.fromPartial({
      ...{ namespace: "shop", pool: "default", agentId },
      state: AgentState.AGENT_STATE_READY,
    }),
  );
  const facts = new AgentFacts();
  const recorded = facts.round("shop", agents, true, 1).rows;
  store.cursors();
  const agent = recorded.agent.map((row, at) => (at === 1 ? row.with(3, "gone") : row));
  store.record({ rows: { ...recorded, agent }, cursors: {} });
  assert.deepEqual(store.agents(), [recorded.agent[0]]);
  store.close();
});

it("a file of the previous format keeps its placements, and gets the new column", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "tutti-facts-"));
  const file = join(folder.path, "facts.sqlite");
  new FactStore(file).close();
  const before = new DatabaseSync(file);
  before.exec(`
    ALTER TABLE placement DROP COLUMN input_bytes;
    INSERT INTO placement (namespace, pool_namespace, pool, epoch, sequence) VALUES ('shop', 'shop', 'default', 1, 7);
    PRAGMA user_version = 5`);
  before.close();
  new FactStore(file).close();
  const after = new DatabaseSync(file, { readOnly: true });
  const rows = after.prepare("SELECT sequence, input_bytes FROM placement").all();
  after.close();
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [{ sequence: 7, input_bytes: null }],
  );
});
