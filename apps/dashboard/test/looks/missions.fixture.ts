/** A band that writes a programme together: every state that the pages of missions show. */

const approval = (nowMs: number) => ({
  ...{ approvalId: "q1", about: { kind: "mission", id: "programme" }, title: "Raise the budget?" },
  message: "40,000 tokens are requested, and 12,000 tokens of the budget are left",
  form: JSON.stringify({ type: "object", properties: { tokens: { type: "number", minimum: 0 } } }),
  deciders: [],
  decisions: [],
  delegations: [],
  excluded: [],
  verdict: "unspecified",
  requestTimeMs: nowMs - 40_000,
});

export const missionApprovalsAt = (nowMs: number) => ({ approvals: [approval(nowMs)] });

const budget = {
  limit: { tokens: 200_000, money: 12 },
  spent: { tokens: 168_000, money: 4.2, timeMs: 3_720_000 },
  reserved: { tokens: 20_000, money: 1.5 },
  available: { tokens: 12_000, money: 6.3 },
  reservations: [],
};
const goal =
  "A programme for the autumn concert: four pieces, notes on each composer, and a poster that the printer takes as it is.";

function missionsAt(nowMs: number) {
  const mission = (missionId: string, status: string, changes: object) => ({
    ...{ missionId, status, participants: [], createTimeMs: nowMs - 7_200_000 },
    ...changes,
  });
  return [
    mission("programme", "running", {
      spec: { goal, tasks: [], roles: [], stopConditions: [], labels: { team: "press", season: "autumn" } },
      tasks: { total: 48, completed: 31, running: 4, queued: 9, failed: 1, pending: 3 },
      ...{ budget, leader: "conductor", openApprovals: 1, openVotes: 2, eventCount: 1_204 },
      startTimeMs: nowMs - 7_190_000,
      trouble: "it goes in circles: review was handed on 10 times between ann and bob",
      participants: [
        participant("conductor", "lead", 1, 12, nowMs),
        participant("ann", "writer", 2, 11, nowMs),
        participant("a-very-long-name-of-an-agent-that-somebody-chose-in-a-hurry", "writer", 0, 8, nowMs),
      ],
    }),
    mission("poster-with-a-very-long-id-that-somebody-made-from-a-title-2026-11-20", "paused", {
      statusReason: "the printer has no paper",
      tasks: { total: 2 },
    }),
    mission("colour", "completed", { tasks: { total: 3, completed: 3 }, endTimeMs: nowMs - 60_000 }),
    mission("overrun", "failed", { statusReason: "the budget is used up", tasks: { total: 10, failed: 1 } }),
  ];
}

const participant = (agentId: string, role: string, tasks: number, done: number, nowMs: number) => ({
  agentId,
  role,
  tasks,
  done,
  pool: "default",
  heardTimeMs: nowMs - 3_000,
  joinTimeMs: nowMs - 7_000_000,
  used: { tokens: 52_000, money: 1.4 },
});

function tasksAt(nowMs: number) {
  const states = ["running", "completed", "queued", "pending", "failed", "retrying", "waiting"];
  return Array.from({ length: 48 }, (_, index) => ({
    spec: {
      ...{ id: `note-${index}`, title: index % 3 === 0 ? "Notes on a composer, for the programme" : "" },
      ...{ capability: "text.write", labels: {}, resources: {}, checks: [], limits: [] },
      needs: index % 4 === 0 ? [] : [{ task: `note-${index - 1}` }],
    },
    status: states[index % states.length],
    statusReason: index % states.length === 6 ? "waits for a person: is this the right composer?" : "",
    ...(index % states.length === 0 ? { claim: { pool: "default", agentId: "ann" }, progress: 0.4 } : {}),
    ...{ attempts: index % 5, handoffs: [], addTimeMs: nowMs - 7_000_000, startTimeMs: nowMs - 90_000 },
  }));
}

const entriesAt = (nowMs: number) =>
  ["composers", "outline", "poster.colour", "printer.address"].map((key, index) => ({
    ...{ key, version: index * 7 + 1, updateTimeMs: nowMs - index * 50_000 },
    value: index % 2 === 0 ? ["Clara Schumann", "Lili Boulanger", "Amy Beach"] : "red, <b>not</b> blue",
    updateCause: { actor: { kind: "agent", id: index === 0 ? "conductor" : "ann" } },
  }));

const messagesAt = (nowMs: number) =>
  [{ agentId: "bob" }, { topic: "drafts" }, { role: "writer" }, { everybody: {} }].map((to, index) => ({
    ...{ number: index + 1, to, sender: { kind: "agent", id: "ann" }, sendTimeMs: nowMs - 60_000 + index },
    body: index === 1 ? { draft: 3, words: 412, by: "ann" } : "The second movement is too long for one page.",
    answers: index,
  }));

const votesAt = (nowMs: number) => [
  {
    voteId: "order",
    question: "Which piece comes first?",
    rule: "two_thirds",
    quorum: 0.5,
    tie: "leader",
    options: [{ option: "trio", description: "by Clara Schumann" }, { option: "nocturne" }],
    ...{ weights: { conductor: 2 }, openTimeMs: nowMs - 30_000, timeoutMs: 600_000 },
    ballots: [
      { agentId: "conductor", ranking: ["trio"] },
      { agentId: "ann", ranking: ["nocturne"] },
    ],
  },
  {
    ...{ voteId: "colour", question: "Which colour has the poster?", rule: "plurality", weights: {} },
    ...{ options: [{ option: "red" }, { option: "blue" }], openTimeMs: nowMs - 400_000 },
    ballots: [{ agentId: "ann", ranking: ["red"] }],
    outcome: { winner: "red", weights: { red: 1 }, quorumReached: true, closeTimeMs: nowMs - 300_000 },
  },
];

export function missionAt(id: string, nowMs: number) {
  const missions = missionsAt(nowMs);
  return missions.find(({ missionId }) => missionId === id) ?? { missions };
}

/** What the streams of missions start with. */
export function missionStreamAt(id: string, nowMs: number): unknown {
  const missions = missionsAt(nowMs);
  if (id === "") return { missions, removedIds: [], live: true };
  return {
    mission: missions[0],
    tasks: tasksAt(nowMs),
    entries: entriesAt(nowMs),
    messages: messagesAt(nowMs),
    votes: votesAt(nowMs),
    live: true,
  };
}
