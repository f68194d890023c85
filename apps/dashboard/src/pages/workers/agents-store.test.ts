import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Followed } from "@tutti/rest/client";
import type { Agent, WatchAgentsReply } from "@tutti/rest/types";
import { countsOf, isMatchingAgent } from "./agent-filter.ts";
import { AgentsStore } from "./agents-store.ts";

const agent = (agentId: string, changes: Partial<Agent> = {}): Agent => ({
  ...{ agentId, pool: "default", kind: "function", state: "ready", hold: "none", speeds: [] },
  ...changes,
});
const offering = (capability: string) => ({
  ...{ capabilities: [{ name: capability, version: "1.0.0", costs: {}, tags: [] }], labels: { zone: "a" } },
  ...{ resources: {}, contextKeys: [] },
});
const received = (kind: "snapshot" | "change", value: Partial<WatchAgentsReply>, first = true, last = true) =>
  ({
    ...{ kind, cursor: "", isFirst: first, isLast: last },
    value: { agents: [], removed: [], ...value },
  }) as Followed<WatchAgentsReply>;

describe("all agents as the stream reports them", () => {
  it("notify listeners once for any number of reports, and are complete with the last part", () => {
    const calls: (() => void)[] = [];
    const store = new AgentsStore((notify) => calls.push(notify));
    let notifications = 0;
    store.subscribe(() => {
      notifications += 1;
    });
    store.apply(received("snapshot", { agents: [agent("a")] }, true, false));
    store.apply(received("snapshot", { agents: [agent("b")] }, false, true));
    assert.deepEqual([notifications, calls.length], [0, 1]);
    calls[0]?.();
    const { agents, isComplete } = store.known();
    assert.deepEqual(
      [notifications, agents.map(({ agentId }) => agentId), isComplete],
      [1, ["a", "b"], true],
    );
  });

  it("are added and removed by pool and id, and replaced by a new snapshot", () => {
    const store = new AgentsStore((notify) => notify());
    store.apply(received("snapshot", { agents: [agent("a"), agent("a", { pool: "gpu" }), agent("b")] }));
    store.apply(received("change", { removed: [{ pool: "default", agentId: "a" }] }));
    assert.deepEqual(
      store.known().agents.map(({ pool, agentId }) => `${pool} ${agentId}`),
      ["gpu a", "default b"],
    );
    store.apply(received("snapshot", { agents: [agent("c")] }));
    assert.deepEqual(
      store.known().agents.map(({ agentId }) => agentId),
      ["c"],
    );
  });
});

describe("workers that match a search", () => {
  const all = [
    agent("press-1", { offering: offering("print.page") }),
    agent("press-2", { state: "busy", offering: offering("print.page") }),
    agent("clerk", { hold: "paused", offering: offering("file.away") }),
  ] as readonly Agent[];
  const found = (text: string, state = "") =>
    all.filter((each) => isMatchingAgent(each, { text, state })).map(({ agentId }) => agentId);

  for (const [scenario, text, state, expected] of [
    ["all without a wish", "", "", ["press-1", "press-2", "clerk"]],
    ["by what they offer", "PRINT", "", ["press-1", "press-2"]],
    ["by several words, which all have to fit", "zone=a clerk", "", ["clerk"]],
    ["by how they stand", "", "busy", ["press-2"]],
    ["by how they are held, which comes before what they do", "", "paused", ["clerk"]],
  ] as const)
    it(scenario, () => assert.deepEqual(found(text, state), expected));

  it("are counted by state", () => {
    assert.deepEqual(countsOf(all), [
      ["ready", 1],
      ["busy", 1],
      ["paused", 1],
    ]);
  });
});
