/** Reads of tasks, in the name of a caller or of the service that sends notifications. */
import { isTuttiError } from "@tutti/kernel";
import type { Approval, Run } from "@tutti/rest/types";
import {
  isOfOtherRun,
  mayWaitForOtherRun,
  openQuestions,
  type QuestionPolling,
} from "../calls/related-questions.ts";
import type { CallsFor } from "../calls/request-context.ts";
import type { RouteCalls } from "../calls/route-calls.ts";
import { A2aError } from "./protocol.ts";
import { isPush } from "./push/push-runs.ts";
import type { Question } from "./tasks.ts";

/**
 * The question that a run asks its client.
 *
 * @param polling when to poll for questions of other runs. Default: now
 */
export async function questionOf(
  calls: RouteCalls,
  caller: CallsFor,
  namespace: string,
  run: Run,
  polling?: QuestionPolling,
): Promise<Question | undefined> {
  const { runId, status, openApprovals = 0, tasks = {} } = run;
  const { waiting = 0, running = 0, queued = 0, retrying = 0 } = tasks;
  if (status !== "running") return undefined;
  if (openApprovals === 0) {
    const approval = await questionOfOtherRun(calls, caller, namespace, run, polling);
    if (approval !== undefined) return { kind: "approval", approval };
    if (running > 0 || waiting === 0 || queued + retrying > 0) return undefined;
  }
  const parts = { params: { id: runId }, query: { namespace } };
  const { waits } = await calls.call("runs.why", caller, parts);
  const present = waits.filter((wait) => wait.present === true && wait.subject !== undefined);
  const approvalId = present.find(({ cause }) => cause === "approval")?.subject;
  if (approvalId !== undefined) {
    const query = { namespace, workId: runId };
    const { approvals } = await calls.call("approvals.list", caller, { query });
    const listed = approvals.find((approval) => approval.approvalId === approvalId);
    // The list is an index, which may be a moment late.
    const lists = { deciders: [], decisions: [], delegations: [], excluded: [] } as const;
    const bare = { approvalId, ...lists, verdict: "unspecified" } as const;
    return { kind: "approval", approval: listed ?? bare };
  }
  const signals = present.flatMap(({ cause, subject = "" }) => (cause === "signal" ? [subject] : []));
  return signals.length === 0 ? undefined : { kind: "signals", signals: [...new Set(signals)] };
}

/** The first question of a task in an inbox, or of a child run. */
async function questionOfOtherRun(
  calls: RouteCalls,
  caller: CallsFor,
  namespace: string,
  run: Run,
  polling: QuestionPolling | undefined,
): Promise<Approval | undefined> {
  const { runId } = run;
  if (!(polling?.isDue(run) ?? mayWaitForOtherRun(run))) return undefined;
  const open = await openQuestions(calls, caller, { namespace, runId });
  const approval = open.find((candidate) => isOfOtherRun(candidate, runId));
  polling?.found(approval !== undefined);
  return approval;
}

/**
 * Returns a run of the agent. Runs of other workflows, and runs that send notifications, are not its tasks.
 *
 * @param workflow undefined for the agent of all workflows
 */
export async function taskRun(
  calls: RouteCalls,
  caller: CallsFor,
  namespace: string,
  id: string,
  workflow: string | undefined,
): Promise<Run> {
  const unknown = new A2aError("TASK_NOT_FOUND", `Task ${id} not found`, { metadata: { taskId: id } });
  if (!/^\w[\w.:-]*$/.test(id)) throw unknown;
  try {
    const parts = { params: { id }, query: { namespace } };
    const run = await calls.call("runs.get", caller, parts);
    const isOfAgent = workflow === undefined || run.spec?.definition?.name === workflow;
    if (!isOfAgent || isPush(run)) throw unknown;
    return run;
  } catch (error) {
    const isUnknown =
      isTuttiError(error) && (error.status === "NOT_FOUND" || error.status === "INVALID_ARGUMENT");
    throw isUnknown ? unknown : error;
  }
}
