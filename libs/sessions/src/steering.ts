/**
 * Assembles the components of a process for its sessions: starting, following, operating, planning, balancing
 * and choosing parts, holding locks, and waiting for other sessions.
 */
import type { estimateService } from "@tutti/contracts/intelligence/v1";
import type { lockService, sessionService } from "@tutti/contracts/session/v1";
import type { agentService } from "@tutti/contracts/swarm/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import { EffectJobs } from "@tutti/host/serving";
import type { Component, Foundation, InstanceKey } from "@tutti/kernel";
import { kindOfWork, type PartWork } from "@tutti/machine-session";
import type { Client } from "@tutti/mesh";
import type { Runtime } from "@tutti/runtime";
import { Attendance } from "./agents/attendance.ts";
import { Balancing } from "./agents/balancing.ts";
import { Fleet } from "./agents/fleet.ts";
import { Learned } from "./agents/learned.ts";
import { Deciding } from "./decide/deciding.ts";
import { Goals, type ReadTasks } from "./decide/goals.ts";
import { Choosing } from "./mode/choosing.ts";
import { HeldPlans } from "./plan/held-plans.ts";
import type { PlanRules } from "./plan/judged-plans.ts";
import { Planning } from "./plan/planning.ts";
import { Following } from "./session/following.ts";
import { Locking } from "./session/locking.ts";
import { Loops } from "./session/loops.ts";
import { ReadLimiter } from "./session/read-limiter.ts";
import { SessionCommands } from "./session/session-commands.ts";
import { SessionUpdates } from "./session/session-updates.ts";
import { WaitingForOthers } from "./session/waiting-for-others.ts";
import type { SessionExecutors } from "./session-effects.ts";
import { MissionSubstrate, type MissionSubstrateParts } from "./substrate/mission-substrate.ts";
import { RunSubstrate, type RunSubstrateParts } from "./substrate/run-substrate.ts";

/** Clients of the other services. */
export interface SessionClients extends RunSubstrateParts, MissionSubstrateParts {
  readonly agents: Pick<Client<typeof agentService>, "listAgents">;
  readonly sessions: Pick<Client<typeof sessionService>, "awaitSession">;
  readonly estimates: Pick<Client<typeof estimateService>, "readExperience">;
  readonly locks: Pick<Client<typeof lockService>, "acquireLock" | "renewLocks" | "releaseLock">;
}

export interface SteeringParts {
  readonly clients: SessionClients;
  readonly runtime: Pick<Runtime, "submit" | "query">;
  readonly foundation: Pick<Foundation, "clock" | "timers" | "chance" | "logger">;
  readonly readTasks: ReadTasks;
  /** Rules that check plans before they start. Undefined if there are none. */
  readonly rules?: PlanRules | undefined;
  /** List of plans that wait for an approval. */
  readonly heldPlans?: HeldPlans;
  /** Principal in whose name the components act. */
  readonly cause: Cause;
  /** Registers components that must be stopped with the process, in the order of their start. */
  readonly register: <Part extends Component>(
    name: string,
    part: Part,
    options?: { readonly critical?: boolean },
  ) => Part;
}

export function steerSessions({ clients, register, ...parts }: SteeringParts): SessionExecutors {
  const { runtime, foundation, cause, readTasks, rules, heldPlans = new HeldPlans() } = parts;
  const commands = new SessionCommands(runtime, cause);
  const jobs = register("session-errands", new EffectJobs({ runtime, foundation, cause }));
  const loops = register("session-loops", new Loops(foundation));
  const asRun = new RunSubstrate(clients);
  const asMission = new MissionSubstrate(clients);
  const substrateOf = ({ mode }: PartWork) => (kindOfWork(mode) === "run" ? asRun : asMission);
  const fleet = new Fleet({ agents: clients.agents, clock: foundation.clock });
  const learned = new Learned({ estimates: clients.estimates, ...foundation });
  const updates = new SessionUpdates(foundation.timers);
  const readLimiter = new ReadLimiter();
  const balancing = register("session-balancing", new Balancing({ commands, fleet, learned, foundation }), {
    critical: false,
  });
  const attendance = new Attendance({ commands, fleet, foundation });
  const onChange = (key: InstanceKey): void => {
    updates.publish(key);
    // A failed read is repeated with the next news.
    commands.view(key).then(
      (view) => {
        if (view.endMs > 0) learned.remove(key);
        balancing.handle(key, view);
        attendance.handle(key, view);
      },
      () => {},
    );
  };
  const common = { loops, commands, foundation };
  const planned = { ...common, fleet, learned, updates, readLimiter, rules, heldPlans, cause };
  return {
    jobs,
    loops,
    commands,
    substrateOf,
    clock: foundation.clock,
    following: new Following({ ...common, substrateOf, onChange }),
    planning: new Planning(planned),
    deciding: new Deciding({ ...planned, runs: clients.runs }),
    goals: new Goals({ jobs, runs: clients.runs, readTasks }),
    choosing: new Choosing({ jobs, commands, fleet, learned }),
    locking: new Locking({ ...common, locks: clients.locks }),
    others: new WaitingForOthers({ ...common, sessions: clients.sessions }),
  };
}
