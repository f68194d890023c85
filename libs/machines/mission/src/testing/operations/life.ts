/** Missions start, pause and end. Agents join. */
import { JoinBoard } from "@tutti/contracts/swarm/v1";
import fc from "fast-check";
import { order } from "./orders.ts";
import { agents, often, rare, reason, to, type Weighted } from "./values.ts";

const offering = {
  capabilities: [
    { name: "work", version: "1.0.0" },
    { name: "cook", version: "2.0.0" },
  ],
  labels: {},
  resources: {},
};

export const lifeOperations: readonly Weighted[] = [
  often(16, to("begin_mission", fc.record({ order }))),
  rare("pause_mission", fc.record({ reason })),
  often(2, to("resume_mission", fc.record({ reason }))),
  rare("remove_mission", fc.record({ reason })),
  rare("check_mission", fc.constant({})),
  {
    weight: 1,
    arbitrary: fc.oneof(
      { weight: 6, arbitrary: to("check_mission", fc.constant({})) },
      { weight: 1, arbitrary: to("cancel_mission", fc.record({ reason, noCompensate: fc.boolean() })) },
      { weight: 1, arbitrary: to("terminate_mission", fc.record({ reason })) },
      {
        weight: 1,
        arbitrary: to(
          "withdraw_mission",
          fc.record({
            definition: fc.constant("d"),
            parent: fc.constantFrom(undefined, { namespace: "", kind: "mission", id: "two", task: "sub" }),
            terminate: fc.boolean(),
            reason,
            noCompensate: fc.boolean(),
          }),
        ),
      },
    ),
  },
  often(
    30,
    to(
      "join_board",
      fc
        .record({
          agentId: agents,
          role: fc.constantFrom("", "", "", "", "editor"),
          topics: fc.constantFrom<string[]>([], ["news"]),
        })
        .map((request) => JoinBoard.fromPartial({ request, offering })),
    ),
  ),
  rare(
    "leave_mission",
    fc.record({ namespace: fc.constant(""), missionId: fc.constant(""), agentId: agents, reason }),
  ),
  rare("hear_participants", fc.record({ agentIds: fc.array(agents, { maxLength: 3 }) })),
];
