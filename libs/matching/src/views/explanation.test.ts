import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AgentKind, Hold, Offering } from "@tutti/contracts/agent/v1";
import { OfferProfile } from "@tutti/contracts/swarm/v1";
import { ErrorDetail, WaitCause } from "@tutti/contracts/types/v1";
import { isRefusal } from "@tutti/kernel";
import { Arena, tokenOf } from "../testing/arena.ts";

const workOffering = (version: string) => Offering.fromPartial({ capabilities: [{ name: "work", version }] });
const noLabels = { equals: {}, exists: [], absent: [] };

function workOf(number: number) {
  return { namespace: "default", kind: "run", id: "run-1", task: `t${number}` };
}

interface Case {
  readonly title: string;
  readonly arrange: (arena: Arena) => void;
  readonly cause: WaitCause;
  readonly message: RegExp;
  readonly helps?: RegExp;
}

const cases: readonly Case[] = [
  {
    title: "no agent offers the capability",
    arrange: (arena) => arena.sender().offer(1),
    cause: WaitCause.WAIT_CAUSE_NO_CAPABILITY,
    message: /no worker offers work/,
  },
  {
    title: "workers offer one with a similar name",
    arrange: (arena) => {
      arena.agent("a", { capabilities: ["wrok@1.0.0"] });
      arena.sender().offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_NO_CAPABILITY,
    message: /no worker offers work. Did you mean wrok\?/,
    helps:
      /^change `uses: work` to `wrok` in the workflow, .* or start a worker that offers work in the pool default of the namespace default$/,
  },
  {
    title: "the only worker has paused the capability: the answer of the system behind it is named",
    arrange: (arena) => {
      const agent = arena.agent("a");
      arena.sender().offer(1);
      arena.turn();
      agent.busy(1, 60_000, ["work"], "work: status 429");
    },
    cause: WaitCause.WAIT_CAUSE_SLOWED_DOWN,
    message: /the only agent for work has paused work: work: status 429/,
    helps: /^wait until the pause is over$/,
  },
  {
    title: "no agent offers the language models of the platform: the keys are named",
    arrange: (arena) => arena.sender().offer(1, { capability: "tutti.agent" }),
    cause: WaitCause.WAIT_CAUSE_NO_CAPABILITY,
    message: /no worker offers tutti\.agent/,
    helps: /set ANTHROPIC_API_KEY, .* or start a worker with `agents\(\)`/,
  },
  {
    title: "who offers the capability may not",
    arrange: (arena) => {
      arena.pool.addRefused("a", workOffering("1.0.0"), "expected a grant", arena.nowMs);
      arena.sender().offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_POLICY,
    message: /the agent a offered work and was refused: expected a grant\.$/,
  },
  {
    title: "who offers the capability may not, in another version than it wants",
    arrange: (arena) => {
      arena.pool.addRefused("a", workOffering("1.0.0"), "expected a grant", arena.nowMs);
      arena.sender().offer(1, { versionRange: "^2" });
    },
    cause: WaitCause.WAIT_CAUSE_NO_CAPABILITY,
    message: /no worker offers work/,
  },
  {
    title: "who might not offer the capability an hour ago has not come again",
    arrange: (arena) => {
      arena.pool.addRefused("a", workOffering("1.0.0"), "expected a grant", arena.nowMs - 3_600_000);
      arena.sender().offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_NO_CAPABILITY,
    message: /no worker offers work/,
  },
  {
    title: "who might not offer the capability was let in with another one",
    arrange: (arena) => {
      arena.pool.addRefused("a", workOffering("1.0.0"), "expected a grant", arena.nowMs);
      arena.agent("a", { capabilities: ["other@1.0.0"] });
      arena.sender().offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_NO_CAPABILITY,
    message: /no worker offers work/,
  },
  {
    title: "no agent offers it in its range",
    arrange: (arena) => {
      arena.agent("a");
      arena.sender().offer(1, { versionRange: "^2" });
    },
    cause: WaitCause.WAIT_CAUSE_NO_CAPABILITY,
    message: /work in 1\.0\.0, none in \^2/,
  },
  {
    title: "no agent has its labels",
    arrange: (arena) => {
      arena.agent("a");
      arena.sender().offer(1, { placement: { require: { ...noLabels, equals: { zone: "east" } } } });
    },
    cause: WaitCause.WAIT_CAUSE_NO_MATCH,
    message: /agents offer work, but none has zone=east\.?$/,
  },
  {
    title: "no agent has so many resources",
    arrange: (arena) => {
      arena.agent("a", { resources: { gpu: 1 } });
      arena.sender().offer(1, { resources: { gpu: 2 } });
    },
    cause: WaitCause.WAIT_CAUSE_NO_MATCH,
    message: /needs 2 gpu, a has 1/,
  },
  {
    title: "the agent that it wants is not among them",
    arrange: (arena) => {
      arena.agent("a");
      arena.sender().offer(1, {}, { onlyAgents: ["b"] });
    },
    cause: WaitCause.WAIT_CAUSE_NO_MATCH,
    message: /wants one of b/,
  },
  {
    title: "all are full, held or without credit",
    arrange: (arena) => {
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
    message:
      /of 3 agents for work none has room: 1: all its slots are in use; 1: it is paused: by hand; 1: it has granted no credit/,
  },
  {
    title: "its one agent is full",
    arrange: (arena) => {
      const sender = arena.sender();
      arena.agent("full");
      sender.offer(9);
      arena.turn();
      sender.offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_BUSY,
    message: /the only agent for work has no room: all its slots are in use/,
    helps: /start another worker that offers work, or give its workers more slots/,
  },
  {
    title: "agents said that they are busy",
    arrange: (arena) => {
      const sender = arena.sender();
      const agent = arena.agent("a");
      sender.offer(1);
      arena.turn();
      agent.busy(1, 60_000);
    },
    cause: WaitCause.WAIT_CAUSE_SLOWED_DOWN,
    message: /it reported that it is busy/,
  },
  {
    title: "the one with room failed too often",
    arrange: (arena) => {
      arena.pool.configure({ breakAfterFailures: 2 }, arena.nowMs);
      const sender = arena.sender();
      const bad = arena.agent("bad");
      for (const number of [7, 8]) {
        sender.offer(number, {}, { onlyAgents: ["bad"] });
        arena.turn();
        if (number === 8) arena.agent("good");
        bad.sendResult(number, { $case: "failed", value: ErrorDetail.fromPartial({ code: "hands.broken" }) });
      }
      sender.offer(9);
      arena.turn();
      sender.offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_BREAKER,
    message: /the breaker of bad is open, after 2 attempts that failed in a row/,
  },
  {
    title: "all sleep by plan",
    arrange: (arena) => {
      arena.agent("a");
      arena.pool.sleep("a", "night", 0, arena.nowMs, true);
      arena.sender().offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_AGENT_START,
    message: /the one agent that offers work is asleep \(night\), and sleeps until its time/,
  },
  {
    title: "the pool is paused",
    arrange: (arena) => {
      arena.pool.configure({ paused: true, pauseReason: "maintenance" }, arena.nowMs);
      arena.agent("a");
      arena.sender().offer(1);
    },
    cause: WaitCause.WAIT_CAUSE_PAUSED,
    message: /pool default is paused: maintenance/,
  },
  {
    title: "its sender is away",
    arrange: (arena) => {
      const sender = arena.sender();
      sender.offer(1);
      arena.agent("a");
      sender.stream.close(arena.nowMs);
    },
    cause: WaitCause.WAIT_CAUSE_OWNER,
    message: /sender is away/,
  },
  {
    title: "it waits for the agent of its key",
    arrange: (arena) => {
      const sender = arena.sender();
      arena.agent("a");
      sender.offer(9, {}, { stickyKey: "k" });
      arena.turn();
      arena.agent("b");
      sender.offer(1, {}, { stickyKey: "k" });
    },
    cause: WaitCause.WAIT_CAUSE_BUSY,
    message: /waits for a, which did the last one with the key k/,
  },
];

describe("why a task waits", () => {
  it("names a namespace other than the default if no worker in it offers the capability", () => {
    const arena = new Arena({}, 1, undefined, undefined, "shop");
    arena.sender().offer(1);
    arena.turn();
    const found = arena.pool.explain(tokenOf(1), arena.nowMs);
    assert.match(found?.waits[0]?.message ?? "", /^no worker offers work in the namespace shop$/);
    assert.equal(
      found?.remedies[0]?.text,
      "start a worker that offers work in the pool default of the namespace shop",
    );
  });

  it("names a pool other than the default if no worker in it offers the capability", () => {
    const arena = new Arena({}, 1, undefined, undefined, "default", "gpu");
    arena.sender().offer(1);
    arena.turn();
    const found = arena.pool.explain(tokenOf(1), arena.nowMs);
    assert.match(found?.waits[0]?.message ?? "", /^no worker offers work in the pool gpu$/);
    assert.equal(
      found?.remedies[0]?.text,
      "start a worker that offers work in the pool gpu of the namespace default",
    );
  });

  it("names the command that ends the pause of the only agent, with and without a reason", () => {
    for (const [reason, expected] of [
      ["by hand", "it is paused: by hand"],
      ["", "it is paused"],
    ] as const) {
      const arena = new Arena();
      arena.agent("a");
      arena.pool.hold("a", { hold: Hold.HOLD_PAUSED, reason, forMs: 0 }, arena.nowMs);
      arena.sender().offer(1);
      arena.turn();
      const found = arena.pool.explain(tokenOf(1), arena.nowMs);
      const { cause, message } = found?.waits[0] ?? {};
      assert.deepEqual(
        [cause, message],
        [WaitCause.WAIT_CAUSE_PAUSED, `the only agent for work has no room: ${expected}`],
      );
      assert.equal(found?.remedies[0]?.command, "tutti agent resume a");
      assert.match(found?.remedies[0]?.text ?? "", /^resume a, or start another worker/);
    }
  });

  it("names the release of the only agent if it is quarantined", () => {
    const arena = new Arena();
    arena.agent("a");
    arena.pool.hold("a", { hold: Hold.HOLD_QUARANTINED, reason: "", forMs: 0 }, arena.nowMs);
    arena.sender().offer(1);
    arena.turn();
    const found = arena.pool.explain(tokenOf(1), arena.nowMs);
    assert.equal(found?.remedies[0]?.command, "tutti agent release a");
  });

  it("names the version that no agent offers, in the subject and in the remedy", () => {
    const arena = new Arena();
    arena.agent("a");
    arena.sender().offer(1, { versionRange: "^2" });
    arena.turn();
    const found = arena.pool.explain(tokenOf(1), arena.nowMs);
    assert.equal(found?.waits[0]?.subject, "work@^2");
    assert.equal(found?.remedies[0]?.text, "start a worker that offers work in version ^2");
  });

  it("names the command that raises a full rate", () => {
    const arena = new Arena();
    arena.agent("a", { slots: 2 });
    const rate = { count: 1, perMs: 3_600_000, burst: 1 };
    arena.pool.setLimit({ key: "mail", maxConcurrent: 0, rate, description: "" }, arena.nowMs);
    const sender = arena.sender();
    sender.offer([1, 2], {}, { limits: [{ key: "mail", maxConcurrent: 0, rate }] });
    arena.turn();
    const found = [1, 2].map((task) => arena.pool.explain(tokenOf(task), arena.nowMs));
    const waiting = found.find((each) => each?.waits[0]?.cause === WaitCause.WAIT_CAUSE_LIMIT);
    assert.match(waiting?.waits[0]?.message ?? "", /^the limit mail allows 1 start per 1 h/);
    assert.match(waiting?.remedies[0]?.text ?? "", /^raise the limit, or wait for its next start\./);
    assert.equal(waiting?.remedies[0]?.command, "tutti pool limit default mail --rate 2/1h");
  });

  it("quotes the key of a limit in a command, and has no command if no quotes are safe", () => {
    for (const [key, command] of [
      ["slow api", "tutti pool limit default 'slow api' --concurrency 2"],
      ["$(id)", "tutti pool limit default '$(id)' --concurrency 2"],
      ["it's", ""],
    ] as const) {
      const arena = new Arena();
      arena.agent("a", { slots: 9 });
      arena.sender().offer([1, 2], {}, { limits: [{ key, maxConcurrent: 1 }] });
      arena.turn();
      assert.equal(arena.pool.explain(tokenOf(2), arena.nowMs)?.remedies[0]?.command, command);
    }
  });

  it("names a full queue for a task that the pool could not accept", () => {
    const arena = new Arena({ queuedMax: 1 });
    arena.sender().offer([1, 2]);
    arena.turn();
    const found = arena.pool.explainWork(workOf(2), arena.nowMs);
    assert.equal(
      found?.waits[0]?.message,
      "the queue of the pool default is full: it allows 1 task",
      found?.summary,
    );
    assert.equal(found?.remedies[0]?.command, "tutti pool update default --max-queued 2");
    assert.match(arena.pool.explainWork(workOf(1), arena.nowMs)?.summary ?? "", /no worker offers work/);
  });

  for (const { title, arrange, cause, message, helps } of cases)
    it(`is explained if ${title}`, () => {
      const arena = new Arena();
      arrange(arena);
      arena.turn();
      const explanation = arena.pool.explain(tokenOf(1), arena.nowMs);
      const [wait] = explanation?.waits ?? [];
      assert.equal(wait?.cause, cause, explanation?.summary);
      assert.match(explanation?.summary ?? "", message);
      const [remedy] = explanation?.remedies ?? [];
      assert.notEqual(remedy?.text, "");
      if (helps !== undefined) assert.match(remedy?.text ?? "", helps);
      const [queued] = arena.pool.queued(10, arena.nowMs);
      assert.deepEqual([queued?.work?.task, queued?.cause, queued?.place], ["t1", cause, 1]);
    });

  it("counts the tasks ahead in its namespace, and mentions the turns with other namespaces", () => {
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

  it("reveals nothing about other namespaces that share the pool", () => {
    const rule = { key: "bank", maxConcurrent: 2, rate: undefined, description: "" };
    const free = { agents: undefined, sessions: undefined };
    const gpu = { reservationId: "zebra-night", amounts: { gpu: 1 }, toMs: 9e12, ...free };
    const limited = { limits: [{ key: "bank" }] };
    const shared = { share: { key: "zebra-session", weight: 7, reservationIds: [] } };
    for (const [own, cause, message] of [
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
      const wait = explanation?.waits.find((each) => each.cause === cause);
      assert.match(wait?.message ?? "", message, explanation?.summary);
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

  it("has the last message of the worker of a running task", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1);
    arena.turn();
    const report = { token: tokenOf(1), fraction: 0, saved: new Uint8Array(), used: undefined };
    agent.sendFrame({ progress: [{ ...report, message: "its disk is full" }] });
    assert.match(
      arena.pool.explain(tokenOf(1), arena.nowMs)?.summary ?? "",
      / Its worker reported: its disk is full\./,
    );
  });

  it("names the agent of a running task, with the other candidates", () => {
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
      "It was given to b 31 s ago, and has not reported its start. Of 2 agents alike it alone had room.",
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
    assert.equal(summary, "It has been in the inbox `finance` for 5 s and waits for a person to answer.");
    assert.deepEqual(
      remedies?.map(({ command }) => command),
      ["tutti approve run-1 t1"],
    );
  });

  it("suggests what to do if a task without a timeout has run for long", () => {
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

  it("gives the time of the last contact with the agent, if its link is cut", () => {
    const arena = new Arena();
    const agent = arena.agent("a");
    arena.sender().offer(1);
    arena.turn();
    arena.nowMs += 3_000;
    agent.link.markDisconnected(arena.nowMs);
    arena.nowMs += 1_000;
    assert.match(
      arena.pool.explain(tokenOf(1), arena.nowMs)?.summary ?? "",
      /Its link is cut\. Its last heartbeat was \d s ago\. If it does not return within \d+ s, the task goes to another worker\./,
    );
  });

  it("is also given for a profile, before any offer", () => {
    const arena = new Arena();
    const profile = OfferProfile.fromPartial({ capability: "work", versionRange: "^3" });
    const before = arena.pool.explainProfile(profile, arena.nowMs);
    assert.ok(!isRefusal(before));
    assert.equal(before.waits[0]?.cause, WaitCause.WAIT_CAUSE_NO_CAPABILITY);
    arena.agent("a", { capabilities: ["work@3.1.0"] });
    const after = arena.pool.explainProfile(profile, arena.nowMs);
    assert.ok(!isRefusal(after));
    assert.equal(after.summary, "It is given out at the next turn.");
    assert.ok(isRefusal(arena.pool.explainProfile(OfferProfile.create(), arena.nowMs)));
  });

  it("is not known of a token that was never offered", () => {
    assert.equal(new Arena().pool.explain(tokenOf(1), 0), undefined);
  });
});

describe("the status of a pool", () => {
  it("counts agents by state, slots, tasks by capability, and tasks that wait at home", () => {
    const arena = new Arena();
    const sender = arena.sender();
    arena.agent("a", { slots: 2 });
    const busy = arena.agent("b");
    sender.offer([1, 2, 3, 4]);
    arena.turn();
    arena.agent("c").sendFrame({ drain: { reason: "" } });
    arena.agent("d").sendFrame({ sleep: { reason: "" } });
    arena.agent("e").link.markDisconnected(arena.nowMs);
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
    assert.deepEqual([view?.attempts, view?.offering?.slots, busy.taskNumbers.length], [1, 1, 1]);
  });
});
