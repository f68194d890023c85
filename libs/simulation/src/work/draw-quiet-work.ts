/**
 * Draws plans in which shares of agents can be compared: two namespaces with many equal tasks, agents that
 * can do all of them, and no fault of the pool that delays a task. Processes die and lose partitions as in
 * other plans.
 */
import { Assignment, MissionSpec } from "@tutti/contracts/swarm/v1";
import { strategyNames } from "@tutti/matching";
import { faultNames } from "../pools/pools-plan.ts";
import type { Draw } from "./draw.ts";
import type { PlannedWork, WorkPlan } from "./work-plan.ts";

const busyMs = 4_000;
const agentsLeast = 2;
/** More than the maximum number of slots. */
const tasksOfMission = 40;

export function drawQuietWork(draw: Draw): WorkPlan {
  const agents = Array.from({ length: agentsLeast + draw.upTo(4) }, () => ({
    slots: 1 + draw.upTo(3),
    does: ["a"],
  }));
  const missions: PlannedWork[] = [];
  const runs: PlannedWork[] = [];
  for (const namespace of ["first", "second"]) {
    const startMs = draw.upTo(busyMs / 4);
    const isRun = draw.happens(0.5);
    const count = 1 + draw.upTo(2);
    for (let index = 0; index < count; index++) {
      const planned = { namespace, atMs: startMs + draw.upTo(100) };
      // A namespace with both has them in one share.
      if (isRun || (index > 0 && draw.happens(0.5)))
        runs.push({ ...planned, id: `run-${namespace}-${index}`, what: "many" });
      else missions.push({ ...planned, id: `mission-${namespace}-${index}`, what: board() });
    }
  }
  return {
    pool: {
      strategy: strategyNames[draw.upTo(strategyNames.length)] ?? "least_loaded",
      agents,
      faults: Object.fromEntries(faultNames.map((name) => [name, 0])) as WorkPlan["pool"]["faults"],
      hosts: 1,
      senders: 2,
      tasks: 0,
      busyMs,
      workMs: draw.pick(100, 400),
      doubles: false,
      givesWay: false,
      isQuiet: true,
    },
    missions,
    runs,
    actors: [],
    peoplePerMinute: 0,
    failures: 0,
    limits: {},
  };
}

function board(): unknown {
  const tasks = Array.from({ length: tasksOfMission }, (_, number) => ({
    id: `t${number}`,
    work: { $case: "capability" as const, value: "a" },
  }));
  return MissionSpec.toJSON(
    MissionSpec.fromPartial({ tasks, assignment: Assignment.ASSIGNMENT_OFFERED } as never),
  );
}
