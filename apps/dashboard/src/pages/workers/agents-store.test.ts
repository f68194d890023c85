import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Followed } from "@tutti/rest/client";
import type { Agent, WatchAgentsReply } from "@tutti/rest/types";
import { AgentsStore } from "./agents-store.ts";
import { countsOf, isWanted } from "./wanted.ts";

const agent = (agentId: string, given: Partial<Agent> = {}): Agent => ({
  ...{ agentId, pool: "default", kind: "function", state: "ready", hold: "none", speeds: [] },
  ...given,
});
const offering = (capability: string) => ({
  ...{ capabilities: [{ name: capability, version: "1.0.0", costs: {}, tags: [] }], labels: { zone: "a" } },
  ...{ resources: {}, contextKeys: [] },
});
const told = (kind: "snapshot" | "change", value: Partial<WatchAgentsReply>, first = true, last = true) =>
  ({
    ...{ kind, cursor: "", isFirst: first, isLast: last },
    value: { agents: [], removed: [], ...value },
  }) as Followed<WatchAgentsReply>;

describe("all agents as the stream reports them", () => {
  it("are shown once after any number of reports, and complete with the last agent", () => {
    const calls: (() => void)[] = [];
    const store = new AgentsStore((tell) => calls.push(tell));
    let heard = 0;
    store.subscribe(() => {
      heard += 1;
    });
    store.take(told("snapshot", { agents: [agent("a")] }, true, false));
    store.take(told("snapshot", { agents: [agent("b")] }, false, true));
    assert.deepEqual([heard, calls.length], [0, 1]);
    calls[0]?.();
    const { agents, isWhole } = store.known();
    assert.deepEqual([heard, agents.map(({ agentId }) => agentId), isWhole], [1, ["a", "b"], true]);
  });

  it("come and go by pool and name, and a new snapshot replaces all", () => {
    const store = new AgentsStore((tell) => tell());
    store.take(told("snapshot", { agents: [agent("a"), agent("a", { pool: "gpu" }), agent("b")] }));
    store.take(told("change", { removed: [{ pool: "default", agentId: "a" }] }));
    assert.deepEqual(
      store.known().agents.map(({ pool, agentId }) => `${pool} ${agentId}`),
      ["gpu a", "default b"],
    );
    store.take(told("snapshot", { agents: [agent("c")] }));
    assert.deepEqual(
      store.known().agents.map(({ agentId }) => agentId),
      ["c"],
    );
  });
});

describe("workers that are looked for", () => {
  const all = [
    agent("press-1", { offering: offering("print.page") }),
    agent("press-2", { state: "busy", offering: offering("print.page") }),
    agent("clerk", { hold: "paused", offering: offering("file.away") }),
  ] as readonly Agent[];
  const found = (text: string, state = "") =>
    all.filter((each) => isWanted(each, { text, state })).map(({ agentId }) => agentId);

  for (const [what, text, state, expected] of [
    ["all without a wish", "", "", ["press-1", "press-2", "clerk"]],
    ["by what they offer", "PRINT", "", ["press-1", "press-2"]],
    ["by several words, which all have to fit", "zone=a clerk", "", ["clerk"]],
    ["by how they stand", "", "busy", ["press-2"]],
    ["by how they are held, which comes before what they do", "", "paused", ["clerk"]],
  ] as const)
    it(what, () => assert.deepEqual(found(text, state), expected));

  it("are counted by how they stand", () => {
    assert.deepEqual(countsOf(all), [
      ["ready", 1],
      ["busy", 1],
      ["paused", 1],
    ]);
  });
});
