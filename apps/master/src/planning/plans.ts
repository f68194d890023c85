/** Estimates a session as if it were started now, and plans tasks alone. */
import type {
  EstimateSubject,
  PlannedAssignment,
  PlanReply,
  PlanRequest,
} from "@tutti/contracts/intelligence/v1";
import { Mode, SessionOrder, type SessionSpec } from "@tutti/contracts/session/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import { type CallContext, errorOf } from "@tutti/kernel";
import type { Knowledge } from "@tutti/machine-entities/experience";
import { refusalOf } from "@tutti/machine-session";
import type { PresentAgent, Refused } from "@tutti/planner";
import { type Foreplanned, foreplanned, foreseen, presentIn } from "@tutti/sessions";
import { checkOrchestrator, checkPlanner, checkTasks } from "../api/sessions/capabilities.ts";
import { keyOf } from "../api/sessions/dependencies.ts";
import { resolved } from "../api/sessions/work.ts";
import { estimateOf } from "../intelligence/messages.ts";
import { checkDemands } from "../resources/demands.ts";
import type { PlanningDependencies } from "./dependencies.ts";
import { planningErrors } from "./errors.ts";
import {
  checkSupportedFields,
  intendedTasks,
  type Named,
  requestedAgents,
  specsOf,
} from "./request-check.ts";

export async function plan(
  dependencies: PlanningDependencies,
  request: PlanRequest,
  context: CallContext,
): Promise<PlanReply> {
  const { session, tasks } = request;
  checkSupportedFields(request);
  if (session === undefined && tasks.length === 0) throw planningErrors.workUnnamed();
  if (session !== undefined && tasks.length > 0) throw planningErrors.workTwice();
  const startedMs = dependencies.foundation.clock.monotonic();
  const { knowledge } = await dependencies.learners.of(context);
  const planning = { dependencies, request, knowledge, context };
  const result = session === undefined ? await ofTasks(planning) : await ofSession(planning, session);
  return { ...result, planningMs: dependencies.foundation.clock.monotonic() - startedMs };
}

interface PlanInput {
  readonly dependencies: PlanningDependencies;
  readonly request: PlanRequest;
  readonly knowledge: Knowledge;
  readonly context: CallContext;
}

type PlanResult = Omit<PlanReply, "planningMs">;

async function ofSession(
  { dependencies, request, knowledge, context }: PlanInput,
  requested: SessionSpec,
): Promise<PlanResult> {
  const { spec, definition } = await checked(dependencies, requested, request.agents.length > 0, context);
  const tasks = spec.work?.$case === "tasks" ? spec.work.value.tasks : [];
  const present = await presentFor({ dependencies, request, context }, tasks, spec.pool);
  const prediction = foreseen({ spec, definition, present, knowledge });
  if ("refused" in prediction) throw impossible(prediction.refused, tasks, spec.pool);
  const { mode, choice, cases, money } = prediction;
  const plan = planMessage(prediction, knowledge, { tasks, definition });
  const isKnown = plan.assignments.every(({ estimate }) => (estimate?.p50Ms ?? 0) > 0);
  const { p50Ms, p90Ms } = isKnown ? prediction : { p50Ms: 0, p90Ms: 0 };
  return { ...plan, mode, choice, p50Ms, p90Ms, cases, money };
}

/** Checks a request. A session that could not be started is not planned either, for the same reasons. */
async function checked(
  dependencies: PlanningDependencies,
  requested: SessionSpec,
  onRequestedAgents: boolean,
  context: CallContext,
): Promise<{ readonly spec: SessionSpec; readonly definition: string }> {
  const { spec, definition, hash } = await resolved(dependencies, requested, context);
  const order = SessionOrder.fromPartial({ definition, hash });
  order.spec = spec;
  const refusal = refusalOf(keyOf(context.namespace, "planned"), order);
  if (refusal !== undefined) throw errorOf(refusal);
  const caller = { namespace: context.namespace, options: { context } };
  if (spec.work?.$case === "goal") {
    await checkPlanner(dependencies, spec.work.value.planner, spec.pool, caller);
    throw planningErrors.tasksUnknown();
  }
  if (spec.mode === Mode.MODE_CUSTOM) {
    await checkOrchestrator(dependencies, spec.orchestrator, spec.pool, caller);
    throw planningErrors.decidedElsewhere({ orchestrator: spec.orchestrator });
  }
  const tasks = spec.work?.$case === "tasks" ? spec.work.value.tasks : [];
  if (!onRequestedAgents) await checkTasks(dependencies, tasks, spec.pool, caller);
  await checkDemands(dependencies, tasks, spec, caller);
  return { spec, definition };
}

const budgetMs = 100;

async function ofTasks({ dependencies, request, knowledge, context }: PlanInput): Promise<PlanResult> {
  const { clock } = dependencies.foundation;
  const specs = specsOf(request.tasks);
  const present = await presentFor({ dependencies, request, context }, specs, "");
  const untilMs = clock.monotonic() + (request.budgetMs || budgetMs);
  const tasks = intendedTasks(request.tasks, specs);
  const planned = foreplanned({ tasks, present, knowledge, stop: () => clock.monotonic() >= untilMs });
  if ("refused" in planned) throw impossible(planned.refused, specs, "");
  const nothing = { choice: undefined, p50Ms: 0, p90Ms: 0, cases: 0 };
  return {
    ...planMessage(planned, knowledge, { tasks: specs, definition: "" }),
    ...nothing,
    mode: Mode.MODE_INTELLIGENCE,
    money: planned.money,
  };
}

async function presentFor(
  { dependencies, request, context }: Pick<PlanInput, "dependencies" | "request" | "context">,
  tasks: readonly TaskSpec[],
  pool: string,
): Promise<readonly PresentAgent[]> {
  if (request.agents.length > 0) return requestedAgents(request.agents, tasks, pool);
  return presentIn(await dependencies.fleet.agentsOf(context.namespace), tasks, pool);
}

function impossible({ taskId, reason, detail }: Refused, tasks: readonly TaskSpec[], pool: string): Error {
  if (reason !== "no agent" && reason !== "no agent stays long enough")
    return planningErrors.taskInvalid({ problem: detail });
  const task = tasks.find(({ id }) => id === taskId);
  const capability = task?.work?.$case === "capability" ? task.work.value : "it";
  return planningErrors.noAgentCan({
    task: taskId,
    capability,
    pool: task?.placement?.pool || pool || "default",
  });
}

function planMessage(
  { assignments, makespanMs, lowerBoundMs, criticalPath, method, situation }: Foreplanned,
  knowledge: Knowledge,
  named: Named,
): Pick<PlanResult, "assignments" | "makespanMs" | "lowerBoundMs" | "criticalPath" | "method"> {
  const assignmentMessage = ({
    task,
    ...planned
  }: Foreplanned["assignments"][number]): PlannedAssignment => ({
    ...planned,
    estimate: estimated(knowledge, named, situation, task),
  });
  return {
    assignments: assignments.map(assignmentMessage),
    makespanMs,
    lowerBoundMs,
    method,
    criticalPath: [...criticalPath],
  };
}

/**
 * Returns the estimate by recorded attempts if the plan used them, else by the hint. Without both there is
 * none.
 */
function estimated(
  knowledge: Knowledge,
  { tasks, definition }: Named,
  { mediansMs, kindVariance, ownVariance, work, tasks: described }: Foreplanned["situation"],
  place: number,
): PlannedAssignment["estimate"] {
  const spec = tasks[place];
  const capability = spec?.work?.$case === "capability" ? spec.work.value : "";
  const definitionTask = definition === "" ? "" : (spec?.id ?? "");
  const subject: EstimateSubject = {
    capability,
    version: "",
    pool: "",
    agentId: "",
    definition,
    definitionTask,
    inputBytes: described[place]?.inputBytes ?? 0,
    key: described[place]?.key ?? "",
    count: 0,
  };
  const known = estimateOf(knowledge, subject);
  const statedMs = spec?.estimate?.durationMs ?? 0;
  if (known.samples > 0 && (statedMs <= 0 || known.basis?.capability === capability)) return known;
  // The plan needs a duration of each task and guessed one. A guess is no estimate.
  if (statedMs <= 0) return known;
  const deviation = Math.sqrt((kindVariance[place] ?? 0) + (ownVariance[place] ?? 0));
  const quantile = (deviations: number) => (mediansMs[place] ?? 0) * Math.exp(deviations * deviation);
  return {
    ...known,
    samples: 0,
    confidence: 0,
    basis: undefined,
    msPerByte: 0,
    meanMs: work.sizesMs[place] ?? 0,
    p50Ms: quantile(0),
    p90Ms: quantile(1.2816),
    p99Ms: quantile(2.3263),
  };
}
