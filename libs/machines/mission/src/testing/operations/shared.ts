/** Shared data of agents: values, messages, votes, the budget. */
import {
  CastVoteRequest,
  OpenVoteRequest,
  PutEntriesRequest,
  ReserveBudgetRequest,
  SendMessagesRequest,
  SpendBudgetRequest,
} from "@tutti/contracts/swarm/v1";
import fc from "fast-check";
import { json } from "../mission-scene.ts";
import { agentOrNone, agents, amounts, often, rare, reason, to, type Weighted } from "./values.ts";

const mark = fc.constantFrom(undefined, 0, 1, 2, 3);
const write = fc.record({
  key: fc.constantFrom("x", "y", "z"),
  value: fc.constantFrom(undefined, json(1), json(2), json({ deep: true })),
  ifVersion: mark,
});

const target = fc.constantFrom(
  { target: { $case: "agentId" as const, value: "ben" } },
  { target: { $case: "role" as const, value: "editor" } },
  { target: { $case: "topic" as const, value: "news" } },
  { target: { $case: "everybody" as const, value: {} } },
  undefined,
);

export const sharedOperations: readonly Weighted[] = [
  often(
    8,
    to(
      "put_entries",
      fc
        .record({
          agentId: agentOrNone,
          writes: fc.array(write, { minLength: 1, maxLength: 3 }),
          allOrNone: fc.boolean(),
        })
        .map((body) => PutEntriesRequest.fromPartial(body as never)),
    ),
  ),
  often(
    3,
    to(
      "send_messages",
      fc
        .record({
          agentId: agentOrNone,
          messages: fc.array(fc.record({ to: target, body: fc.constantFrom(undefined, json("hello")) }), {
            minLength: 1,
            maxLength: 2,
          }),
        })
        .map((body) => SendMessagesRequest.fromPartial(body as never)),
    ),
  ),
  rare(
    "signal_mission",
    fc.record({ signal: fc.constant("news"), payload: fc.constantFrom(undefined, json(1)) }),
  ),
  often(
    3,
    to(
      "open_vote",
      fc
        .record({
          voteId: fc.constantFrom("v", "w"),
          rule: fc.nat(5),
          tie: fc.nat(4),
          quorum: fc.constantFrom(0, 0.5, 1),
          timeoutMs: fc.constantFrom(0, 3_000),
          role: fc.constantFrom("", "", "editor"),
        })
        .map((vote) =>
          OpenVoteRequest.fromPartial({
            vote: { ...vote, options: [{ option: "yes" }, { option: "no" }, { option: "maybe" }] } as never,
          }),
        ),
    ),
  ),
  often(
    6,
    to(
      "cast_vote",
      fc
        .record({
          agentId: agents,
          voteId: fc.constantFrom("v", "w"),
          ranking: fc.constantFrom<string[]>(["yes"], ["no"], ["maybe", "no"], ["other"]),
        })
        .map((body) => CastVoteRequest.fromPartial(body)),
    ),
  ),
  often(
    2,
    to(
      "close_vote",
      fc.record({
        namespace: fc.constant(""),
        missionId: fc.constant(""),
        agentId: fc.constant(""),
        voteId: fc.constantFrom("v", "w"),
        reason,
      }),
    ),
  ),
  often(
    8,
    to(
      "reserve_budget",
      fc
        .record({
          agentId: agentOrNone,
          taskId: fc.constantFrom("", "a", "b"),
          amounts,
          leaseMs: fc.constantFrom(0, 4_000),
        })
        .map((body) => ReserveBudgetRequest.fromPartial(body)),
    ),
  ),
  often(
    6,
    to(
      "spend_budget",
      fc
        .record({ agentId: agentOrNone, reservationId: fc.constantFrom("r1", "r1", "r2", "r3"), amounts })
        .map((body) => SpendBudgetRequest.fromPartial(body)),
    ),
  ),
  often(
    4,
    to(
      "return_budget",
      fc.record({
        namespace: fc.constant(""),
        missionId: fc.constant(""),
        agentId: agentOrNone,
        reservationId: fc.constantFrom("r1", "r1", "r2", "r3"),
      }),
    ),
  ),
];
