/** Compares the cost of a session in other modes: its tasks with their durations, through the schedulers. */
import {
  type CompareModesReply,
  type CompareModesRequest,
  type Counterfactual,
  Mode,
} from "@tutti/contracts/session/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import type { CallContext } from "@tutti/kernel";
import { modeName, type SessionView, showWork } from "@tutti/machine-session";
import { modes, type Mode as PlannedMode, replay } from "@tutti/planner";
import { recordOf } from "@tutti/sessions";
import { sessionServiceErrors } from "../../sessions/errors.ts";
import { querySession, type SessionDependencies } from "./dependencies.ts";

export async function compareModes(
  dependencies: SessionDependencies,
  { sessionId, modes: requested }: CompareModesRequest,
  context: CallContext,
): Promise<CompareModesReply> {
  const view = await querySession(dependencies, sessionId, { query: showWork, body: undefined }, context);
  const problem = problemOf(view);
  if (problem !== undefined) throw sessionServiceErrors.modesNotCompared({ id: sessionId, problem });
  const compared = modes.filter(
    (mode) => requested.length === 0 || requested.some((each) => modeName(each) === mode),
  );
  const result = replay(recordOf(view), compared);
  if ("refused" in result)
    throw sessionServiceErrors.modesNotCompared({ id: sessionId, problem: result.refused.detail });
  return {
    modes: result.modes.map(counterfactualMessage),
    trustworthy: result.trustworthy,
    assumptions: result.assumptions,
  };
}

function problemOf({ endMs, tasks, mode }: SessionView): string | undefined {
  if (endMs === 0) return "it has not ended";
  if (mode === Mode.MODE_CUSTOM) return "a custom orchestrator ran it";
  const undone = tasks.find(({ status }) => status !== TaskStatus.TASK_STATUS_COMPLETED);
  if (undone !== undefined) return `${undone.spec.id} was not completed`;
  const unseen = tasks.find(({ agent, startMs }) => agent === "" || startMs === 0);
  return unseen === undefined ? undefined : `no record has the agent of ${unseen.spec.id}`;
}

const numbers: Readonly<Record<PlannedMode, Mode>> = {
  workflow: Mode.MODE_WORKFLOW,
  swarm: Mode.MODE_SWARM,
  intelligence: Mode.MODE_INTELLIGENCE,
  hybrid: Mode.MODE_HYBRID,
};

function counterfactualMessage({
  mode,
  simulatedUse,
  ...counterfactual
}: Extract<ReturnType<typeof replay>, { modes: unknown }>["modes"][number]): Counterfactual {
  return { ...counterfactual, mode: numbers[mode], simulatedUse: { tokens: 0, ...simulatedUse } };
}
