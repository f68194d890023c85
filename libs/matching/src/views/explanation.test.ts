import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AgentKind, Hold, Offering } from "@tutti/contracts/agent/v1";
import { OfferProfile } from "@tutti/contracts/swarm/v1";
import { ErrorDetail, WaitCause } from "@tutti/contracts/types/v1";
import { isRefusal } from "@tutti/kernel";
import { Arena, tokenOf } from "../testing/arena.ts";

const workOffering = (version: string) => Offering.fromPartial({ capabilities: [{ name: "work", version }] });
const noLabels = { equals: {}, exists: [], absent: [] };

interface Case {
  readonly what: string;
  readonly make: (arena: Arena) => void;
  readonly cause: WaitCause;
  readonly says: RegExp;
  readonly helps?: RegExp;
}

const cases: readonly Case[] = [
  {
    what: "no agent offers the capability",
    make: (arena) => arena.sender().offer(1),
    cause: WaitCause.WAIT_CAUSE_NO_CAPABILITY,
    says: /no worker offers work/,
  },
  {
    what: "workers offer one with a similar name",
    make: (arena) => {
      arena.agent("a", { does: ["wrok@1.0.0"] });
      arena.sender().offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_NO_CAPABILITY,
    says: /no worker offers work. Did you mean wrok\?/,
    helps: /^change `uses: work` to `wrok` in the workflow, .* or start a worker that offers work$/,
  },
  {
    what: "the only worker has paused the capability: the answer of the system behind it is named",
    make: (arena) => {
      const agent = arena.agent("a");
      arena.sender().offer(1);
      arena.turn();
      agent.busy(1, 60_000, ["work"], "work: status 429");
    },
    cause: WaitCause.WAIT_CAUSE_SLOWED_DOWN,
    says: /the only agent for work has paused work: work: status 429/,
    helps: /^wait until the pause is over$/,
  },
  {
    what: "no agent offers the language models of the platform: the keys are named",
    make: (arena) => arena.sender().offer(1, { capability: "tutti.agent" }),
    cause: WaitCause.WAIT_CAUSE_NO_CAPABILITY,
    says: /no worker offers tutti\.agent/,
    helps: /set ANTHROPIC_API_KEY, .* or start a worker with `agents\(\)`/,
  },
  {
    what: "who offers the capability may not",
    make: (arena) => {
      arena.pool.turnAway("a", workOffering("1.0.0"), "expected a grant", arena.nowMs);
      arena.sender().offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_POLICY,
    says: /the agent a came with work and was refused: expected a grant\.$/,
  },
  {
    what: "who offers the capability may not, in another version than it wants",
    make: (arena) => {
      arena.pool.turnAway("a", workOffering("1.0.0"), "expected a grant", arena.nowMs);
      arena.sender().offer(1, { versionRange: "^2" });
    },
    cause: WaitCause.WAIT_CAUSE_NO_CAPABILITY,
    says: /no worker offers work/,
  },
  {
    what: "who might not offer the capability an hour ago has not come again",
    make: (arena) => {
      arena.pool.turnAway("a", workOffering("1.0.0"), "expected a grant", arena.nowMs - 3_600_000);
      arena.sender().offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_NO_CAPABILITY,
    says: /no worker offers work/,
  },
  {
    what: "who might not offer the capability was let in with another one",
    make: (arena) => {
      arena.pool.turnAway("a", workOffering("1.0.0"), "expected a grant", arena.nowMs);
      arena.agent("a", { does: ["other@1.0.0"] });
      arena.sender().offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_NO_CAPABILITY,
    says: /no worker offers work/,
  },
  {
    what: "no agent offers it in its range",
    make: (arena) => {
      arena.agent("a");
      arena.sender().offer(1, { versionRange: "^2" });
    },
    cause: WaitCause.WAIT_CAUSE_NO_CAPABILITY,
    says: /work in 1\.0\.0, none in \^2/,
  },
  {
    what: "no agent has its labels",
    make: (arena) => {
      arena.agent("a");
      arena.sender().offer(1, { placement: { require: { ...noLabels, equals: { zone: "east" } } } });
    },
    cause: WaitCause.WAIT_CAUSE_NO_MATCH,
    says: /agents offer work, and none is one with zone=east\.?$/,
  },
  {
    what: "no agent has so many resources",
    make: (arena) => {
      arena.agent("a", { resources: { gpu: 1 } });
      arena.sender().offer(1, { resources: { gpu: 2 } });
    },
    cause: WaitCause.WAIT_CAUSE_NO_MATCH,
    says: /needs 2 gpu, a has 1/,
  },
  {
    what: "the agent that it wants is not among them",
    make: (arena) => {
      arena.agent("a");
      arena.sender().offer(1, {}, { onlyAgents: ["b"] });
    },
    cause: WaitCause.WAIT_CAUSE_NO_MATCH,
    says: /wants one of b/,
  },
  {
    what: "all are full, held or without credit",
    make: (arena) => {
      const sender = arena.sender();
      arena.agent("full");
      sender.offer(9);
      arena.turn();
      arena.agent("held");
      arena.pool.hold("held", { hold: Hold.HOLD_PAUSED, reason: "by hand", forMs: 0 }, arena.nowMs);
      arena.agent("broke", { credit: 0 });
      sender.offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_BUSY,
    says: /of 3 agents for work none has room: 1: all its slots are taken; 1: it is held: by hand; 1: it has granted no credit/,
  },
  {
    what: "its one agent is full",
    make: (arena) => {
      const sender = arena.sender();
      arena.agent("full");
      sender.offer(9);
      arena.turn();
      sender.offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_BUSY,
    says: /the only agent for work has no room: all its slots are taken/,
    helps: /start another worker that offers work, or give its workers more slots/,
  },
  {
    what: "agents said that they are busy",
    make: (arena) => {
      const sender = arena.sender();
      const agent = arena.agent("a");
      sender.offer(1);
      arena.turn();
      agent.busy(1, 60_000);
    },
    cause: WaitCause.WAIT_CAUSE_SLOWED_DOWN,
    says: /it said that it is busy/,
  },
  {
    what: "the one with room failed too often",
    make: (arena) => {
      arena.pool.configure({ breakAfterFailures: 2 }, arena.nowMs);
      const sender = arena.sender();
      const bad = arena.agent("bad");
      for (const number of [7, 8]) {
        sender.offer(number, {}, { onlyAgents: ["bad"] });
        arena.turn();
        if (number === 8) arena.agent("good");
        bad.answer(number, { $case: "failed", value: ErrorDetail.fromPartial({ code: "hands.broken" }) });
      }
      sender.offer(9);
      arena.turn();
      sender.offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_BREAKER,
    says: /the breaker of bad is open, after 2 attempts that failed in a row/,
  },
  {
    what: "all sleep by plan",
    make: (arena) => {
      arena.agent("a");
      arena.pool.sleep("a", "night", 0, arena.nowMs, true);
      arena.sender().offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_AGENT_START,
    says: /the one agent that offers work is asleep \(night\), and sleeps until its time/,
  },
  {
    what: "the pool is paused",
    make: (arena) => {
      arena.pool.configure({ paused: true }, arena.nowMs);
      arena.agent("a");
      arena.sender().offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_PAUSED,
    says: /pool default is paused/,
  },
  {
    what: "its sender is away",
    make: (arena) => {
      const sender = arena.sender();
      sender.offer(1);
      arena.agent("a");
      sender.stream.close(arena.nowMs);
    },
    cause: WaitCause.WAIT_CAUSE_OWNER,
    says: /sender is away/,
  },
  {
    what: "it waits for the agent of its key",
    make: (arena) => {
      const sender = arena.sender();
      arena.agent("a");
      sender.offer(9, {}, { stickyKey: "k" });
      arena.turn();
      arena.agent("b");
      sender.offer(1, {}, { stickyKey: "k" });
    },
    cause: WaitCause.WAIT_CAUSE_BUSY,
    says: /waits for a, which did the last one with the key k/,
  },
];

describe("why a task waits", () => {
  it("names the namespace if no worker of it offers the capability, except the default one", () => {
    const arena = new Arena({}, 1, undefined, undefined, "shop");
    arena.sender().offer(1);
    arena.turn();
    const found = arena.pool.explain(tokenOf(1), arena.nowMs);
    assert.match(found?.waits[0]?.message ?? "", /^no worker offers work in the namespace shop$/);
    assert.equal(found?.remedies[0]?.text, "start a worker that offers work in the namespace shop");
  });

  for (const { what, make, cause, says, helps } of cases)
    it(`is said when ${what}`, () => {
      const arena = new Arena();
      make(arena);
      arena.turn();
      const explanation = arena.pool.explain(tokenOf(1), arena.nowMs);
      const [wait] = explanation?.waits ?? [];
      assert.equal(wait?.cause, cause, explanation?.summary);
      assert.match(explanation?.summary ?? "", says);
      const [remedy] = explanation?.remedies ?? [];
      assert.notEqual(remedy?.text, "");
      if (helps !== undefined) assert.match(remedy?.text ?? "", helps);
      const [queued] = arena.pool.queued(10, arena.nowMs);
      assert.deepEqual([queued?.work?.task, queued?.cause, queued?.place], ["t1", cause, 1]);
    });

  it("names how many go before it, in its namespace and beside it", () => {
    const arena = new Arena();
    const sender = arena.sender();
    arena.agent("a");
    sender.offer([5, 6, 7]);
    sender.offer(8, { namespace: "other" });
    arena.turn();
    sender.offer(1);
    arena.turn();
    const explanation = arena.pool.explain(tokenOf(1), arena.nowMs);
    const behind = explanation?.waits.find(({ cause }) => cause === WaitCause.WAIT_CAUSE_BEHIND_OTHERS);
    assert.match(
      behind?.message ?? "",
      /^2 tasks of its namespace go before it, and it takes turns with other namespaces$/,
    );
  });

  it("names and counts nothing of other namespaces that share the pool", () => {
    const rule = { key: "bank", maxConcurrent: 2, rate: undefined, description: "" };
    const free = { agents: undefined, sessions: undefined };
    const gpu = { reservationId: "zebra-night", amounts: { gpu: 1 }, toMs: 9e12, ...free };
    const limited = { limits: [{ key: "bank" }] };
    const shared = { share: { key: "zebra-session", weight: 7, reservationIds: [] } };
    for (const [own, cause, says] of [
      [{}, WaitCause.WAIT_CAUSE_BEHIND_OTHERS, /^1 task of its namespace .* turns with other namespaces$/],
      [limited, WaitCause.WAIT_CAUSE_LIMIT, /^the limit bank, which others use too, .* it allows 2 at once$/],
      [{ resources: { gpu: 1 } }, WaitCause.WAIT_CAUSE_LOCK, /^some of the gpu .* is set aside for others$/],
    ] as const) {
      const { resources = {}, ...offer } = { limits: [], ...own } as Partial<Record<string, object>>;
      const arena = new Arena();
      const sender = arena.sender();
      arena.agent("a", { slots: 2, resources: { gpu: 1 } });
      arena.pool.setLimit(rule, arena.nowMs);
      if (cause === WaitCause.WAIT_CAUSE_LOCK)
        arena.pool.allot("default", { parts: [], reservations: [gpu] }, arena.nowMs);
      const theirs = { namespace: "zebra" };
      sender.offer([11, 12, 13], theirs, { ...limited, ...shared, workId: "zebra-run" });
      arena.turn();
      sender.offer([2, 1], { namespace: "own", resources: resources as Record<string, number> }, offer);
      arena.turn();
      const explanation = arena.pool.explain(tokenOf(1), arena.nowMs);
      const wait = explanation?.waits.find((one) => one.cause === cause);
      assert.match(wait?.message ?? "", says, explanation?.summary);
      assert.deepEqual(wait?.holders, []);
      assert.doesNotMatch(JSON.stringify(explanation), /zebra/);
    }
  });

  it("names the holders of a limit that are of its own namespace", () => {
    const arena = new Arena();
    const sender = arena.sender();
    arena.agent("a", { slots: 9 });
    arena.pool.setLimit({ key: "bank", maxConcurrent: 2, rate: undefined, description: "" }, arena.nowMs);
    const limits = [{ key: "bank" }];
    sender.offer(5, { namespace: "own" }, { limits, workId: "run-5" });
    sender.offer(6, { namespace: "zebra" }, { limits, workId: "zebra-run" });
    arena.turn();
    sender.offer(1, { namespace: "own" }, { limits });
    arena.turn();
    const [wait] = arena.pool.explain(tokenOf(1), arena.nowMs)?.waits ?? [];
    assert.deepEqual(
      wait?.holders.map(({ id }) => id),
      ["run-5"],
    );
    assert.match(wait?.message ?? "", /it allows 2 at once\. Held by `run-5 t5`$/);
  });

  it("names its agent, once it is running, with the other candidates", () => {
    const arena = new Arena();
    const sender = arena.sender();
    arena.agent("a");
    arena.agent("b", { slots: 4 });
    sender.offer([9, 1]);
    arena.turn();
    arena.agent("later");
    arena.nowMs += 31_030;
    const explanation = arena.pool.explain(tokenOf(1), arena.nowMs);
    assert.equal(
      explanation?.summary,
      "It was given to b 31s ago, and has not reported its start. Of 2 agents alike it alone had room.",
    );
    const [before] = [arena.pool.explain(tokenOf(9), arena.nowMs)];
    assert.deepEqual(
      before?.candidates.map(({ id, chosen, eligible, score }) => [id, chosen, eligible, score]),
      [
        ["a", true, true, 1],
        ["b", false, true, 1],
      ],
    );
  });

  it("waits for a person, if its agent is an inbox", () => {
    const arena = new Arena();
    arena.agent("finance", { kind: AgentKind.AGENT_KIND_PERSON });
    arena.sender().offer(1);
    arena.turn();
    arena.nowMs += 5_000;
    const { summary, remedies } = arena.pool.explain(tokenOf(1), arena.nowMs) ?? {};
    assert.equal(summary, "It came to the inbox `finance` 5s ago, and waits for a person to answer.");
    assert.deepEqual(
      remedies?.map(({ command }) => command),
      ["tutti approve"],
    );
  });

  it("says what to do if it hangs, if it has no time limit and has run for long", () => {
    const arena = new Arena();
    const sender = arena.sender();
    arena.agent("a", { slots: 4 });
    sender.offer(1);
    sender.offer(2, { timeouts: { runMs: 60_000 } });
    arena.turn();
    const remediesOf = (number: number) => arena.pool.explain(tokenOf(number), arena.nowMs)?.remedies ?? [];
    assert.deepEqual(remediesOf(1), []);
    arena.nowMs += 11_000;
    assert.match(remediesOf(1)[0]?.text ?? "", /See the log of a\. .* Set `timeout`/);
    assert.deepEqual(remediesOf(2), []);
  });

  it("says when its agent was last heard of, if the link is cut", () => {
    const arena = new Arena();
    const agent = arena.agent("a");
    arena.sender().offer(1);
    arena.turn();
    arena.nowMs += 3_000;
    agent.link.cut(arena.nowMs);
    arena.nowMs += 1_000;
    assert.match(
      arena.pool.explain(tokenOf(1), arena.nowMs)?.summary ?? "",
      /Its link is cut\. It was last heard of \ds ago\. If it does not return within \d+s, the task goes to another worker\./,
    );
  });

  it("is given for a profile too, before anything is offered", () => {
    const arena = new Arena();
    const profile = OfferProfile.fromPartial({ capability: "work", versionRange: "^3" });
    const before = arena.pool.explainProfile(profile, arena.nowMs);
    assert.ok(!isRefusal(before));
    assert.equal(before.waits[0]?.cause, WaitCause.WAIT_CAUSE_NO_CAPABILITY);
    arena.agent("a", { does: ["work@3.1.0"] });
    const after = arena.pool.explainProfile(profile, arena.nowMs);
    assert.ok(!isRefusal(after));
    assert.equal(after.summary, "It is given out at the next turn.");
    assert.ok(isRefusal(arena.pool.explainProfile(OfferProfile.create(), arena.nowMs)));
  });

  it("is not known of a token that was never offered", () => {
    assert.equal(new Arena().pool.explain(tokenOf(1), 0), undefined);
  });
});

describe("how a pool stands", () => {
  it("counts agents by state, slots, tasks by capability, and tasks that wait at home", () => {
    const arena = new Arena();
    const sender = arena.sender();
    arena.agent("a", { slots: 2 });
    const busy = arena.agent("b");
    sender.offer([1, 2, 3, 4]);
    arena.turn();
    arena.agent("c").say({ drain: { reason: "" } });
    arena.agent("d").say({ sleep: { reason: "" } });
    arena.agent("e").link.cut(arena.nowMs);
    sender.request({ waiting: { entries: [{ profile: 1, priority: 0, count: 7, longestMs: 60_000 }] } });
    arena.nowMs += 500;
    const status = arena.pool.status(arena.nowMs);
    assert.deepEqual(status.agents, {
      starting: 0,
      ready: 0,
      busy: 2,
      draining: 1,
      asleep: 1,
      suspect: 1,
      held: 0,
    });
    assert.deepEqual([status.slots, status.freeSlots, status.queued, status.running], [6, 3, 1, 3]);
    assert.deepEqual([status.waitingAtHome, status.longestWaitMs], [7, 60_000]);
    assert.deepEqual(status.capabilities, [
      { capability: "work", version: "1.0.0", agents: 2, freeSlots: 0, queued: 1, running: 3, allowed: 3 },
    ]);
    assert.equal(status.startsPerSec, 0.05);
    arena.nowMs += 60_000;
    assert.equal(arena.pool.status(arena.nowMs).startsPerSec, 0);
    const view = arena.pool.agent("b", arena.nowMs);
    assert.deepEqual([view?.attempts, view?.offering?.slots, busy.given.length], [1, 1, 1]);
  });
});
