/** Planted faults of missions and the pool around them, to test that they are noticed. */
import { poolWeakeningOf } from "../pools/pools-weakenings.ts";
import { type Any, altered } from "../weakenings/altered.ts";
import { noDeduplication } from "../weakenings/runtime-weakenings.ts";
import type { Weakening } from "../weakenings/weakening.ts";

function nodeOf(claimId: string): number {
  return Number(/^c(\d+)/.exec(claimId)?.[1] ?? 0);
}

function claimOf(claimId: string, { tasks }: Any): string {
  const node = nodeOf(claimId);
  return `c${node}.${tasks[node]?.attempt ?? 0}`;
}

function less(amounts: Any, share: number): Any {
  return amounts && { ...amounts, tokens: amounts.tokens * share };
}

const ofMissions: readonly Weakening[] = [
  {
    name: "claims-twice",
    about: "a claimed task stays claimable",
    foundWithin: 100,
    machine: altered({
      folds: {
        task_claimed(state, { node }) {
          if (!state.claimable.has(state.tasks[node])) state.claimable.add(state.tasks[node]);
        },
      },
    }),
  },
  {
    name: "leases-last",
    about: "a lease lasts three times the requested duration",
    foundWithin: 100,
    machine: altered({ emits: { task_claimed: (body) => ({ ...body, leaseMs: body.leaseMs * 3 }) } }),
  },
  {
    name: "old-claims-count",
    about: "the former holder of a claim can end the task of the current holder",
    foundWithin: 300,
    machine: altered({
      receives: {
        complete_tasks: (body, state) => {
          const ends = body.ends.map((end: Any) => ({ ...end, claimId: claimOf(end.claimId, state) }));
          const agentId = state.tasks[nodeOf(body.ends[0]?.claimId ?? "")]?.agent || body.agentId;
          return { ...body, agentId, ends };
        },
      },
    }),
  },
  {
    name: "silence-is-free",
    about: "the reservation of a silent agent is released",
    foundWithin: 100,
    machine: altered({ emits: { attempt_returned: (body) => ({ ...body, lost: false }) } }),
  },
  {
    name: "retries-are-free",
    about: "the usage of a failed attempt does not count if the task is retried",
    foundWithin: 100,
    machine: altered({ emits: { attempt_failed: (body) => ({ ...body, used: undefined }) } }),
  },
  {
    name: "spends-half",
    about: "only half of a spent amount is deducted from the budget",
    foundWithin: 100,
    machine: altered({ emits: { budget_spent: (body) => ({ ...body, amounts: less(body.amounts, 0.5) }) } }),
  },
  {
    name: "nothing-aside",
    about: "a reserved amount stays available to other tasks",
    foundWithin: 100,
    machine: altered({
      folds: {
        budget_reserved(state, { amounts }) {
          state.reserved.tokens -= amounts?.tokens ?? 0;
        },
      },
    }),
  },
  {
    name: "votes-twice",
    about: "a ballot counts twice",
    foundWithin: 100,
    machine: altered({
      folds: {
        ballot_cast(state, { voteId, ballot }) {
          state.votes.get(voteId).vote.ballots.push({ ...ballot, agentId: `${ballot.agentId}'` });
        },
      },
    }),
  },
  {
    name: "compares-nothing",
    about: "a value is written without a check of the expected version",
    foundWithin: 100,
    machine: altered({
      receives: {
        put_entries: (body) => ({
          ...body,
          writes: body.writes.map(({ key, value }: Any) => ({ key, value })),
        }),
      },
    }),
  },
  {
    name: "needs-nothing",
    about: "tasks start before their dependencies have ended",
    foundWithin: 100,
    machine: altered({
      folds: {
        mission_begun(state) {
          for (const task of state.tasks)
            if (task.open > 0) {
              task.open = 0;
              state.agenda.add(task.number);
            }
        },
      },
    }),
  },
  {
    name: "leads-beside",
    about: "another member is elected while the lease of the leader is valid",
    foundWithin: 200,
    machine: altered({
      folds: {
        leader_elected(state) {
          state.leaderMs = Math.min(state.leaderMs, 1);
        },
      },
    }),
  },
  {
    name: "hands-to-anyone",
    about: "a handed-off task can go to any member",
    foundWithin: 200,
    machine: altered({ emits: { task_handed_on: (body) => ({ ...body, toAgent: "", toRole: "" }) } }),
  },
  {
    name: "goes-on-paused",
    about: "new tasks start while the mission is paused",
    foundWithin: 300,
    machine: altered({
      folds: {
        mission_paused(state) {
          state.pauseMs = 0;
        },
      },
    }),
  },
];

/** Selects an eighth of all tasks, by their position in their work. */
function isDropped(token: Uint8Array): boolean {
  return (token[8] ?? 0) % 8 === 3;
}

/** Faults of the runtime below, and around the pool. */
const around: readonly Weakening[] = [
  { ...noDeduplication, name: "work-no-deduplication", foundWithin: 100 },
  {
    name: "work-one-slot-more",
    about: "agents report one slot more than they have",
    foundWithin: 100,
    pool: poolWeakeningOf("one-slot-more"),
  },
  {
    name: "work-loses-assignments",
    about: "some assignments do not reach their agents, without an error",
    foundWithin: 100,
    pool: {
      received: (frame) => ({
        ...frame,
        assignments: frame.assignments.filter(({ token }) => !isDropped(token)),
      }),
    },
  },
  {
    name: "work-forgets-tokens",
    about: "a new owner does not learn which attempts its agents run",
    foundWithin: 300,
    pool: poolWeakeningOf("forgets-tokens"),
  },
  {
    name: "work-ends-released",
    about: "an owner that releases a partition cancels its tasks at the agents",
    foundWithin: 200,
    pool: { endsReleased: true },
  },
  {
    name: "work-one-party",
    about: "all senders count as one namespace, so the first sender gets all agents",
    foundWithin: 100,
    pool: poolWeakeningOf("one-party"),
  },
];

/** Searched in missions and runs that share a pool. */
export const workWeakenings: readonly Weakening[] = [...ofMissions, ...around];
