/** Moves a run to another version of its definition, or back. */
import {
  MoveReview,
  type MoveRunReply,
  type MoveRunRequest,
  MoveVerdict,
  type Run,
  RunResetV1,
} from "@tutti/contracts/workflow/v1";
import { jsonOf } from "@tutti/definitions";
import type { Recorded } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { moveRun, reviewMove, runErrors } from "@tutti/machine-run";
import { executeOnRun, queryRun, type RunDependencies, recordsOf, runNamed } from "./dependencies.ts";
import { isReplyTo, reset } from "./resetting.ts";

export async function move(
  dependencies: RunDependencies,
  request: MoveRunRequest,
  context: CallContext,
): Promise<MoveRunReply> {
  if (request.back) return await moveBack(dependencies, request, context);
  const { runId, map, restart, dryRun, reason, idempotencyKey } = request;
  const run = await runNamed(dependencies, runId, {}, context);
  const { hash, label } = await versionOf(dependencies, run, request.version, context);
  const body = { hash, versionLabel: label, map, restart, reason };
  const reviewed = await queryRun(dependencies, runId, { query: reviewMove, body }, context);
  const review = withInput(reviewed as MoveReview, dependencies.orders.inputProblem(hash, run.spec?.input));
  if (dryRun) return { run, review };
  const [problem] = review.problems;
  if (problem !== undefined && review.verdict === MoveVerdict.MOVE_VERDICT_IMPOSSIBLE)
    throw runErrors.moveRefused({ id: runId, verdict: "impossible", problem: problem.message });
  const call = { command: moveRun, body, reason, idempotencyKey };
  const done = await executeOnRun(dependencies, runId, call, context);
  return { run: await runNamed(dependencies, runId, {}, context), review: done };
}

/** Finds the version and prepares its plan. */
async function versionOf(
  { orders }: RunDependencies,
  { runId, spec, definitionHash }: Run,
  version: string,
  context: CallContext,
): Promise<{ readonly hash: string; readonly label: string }> {
  const { what, parameters } = spec ?? {};
  if (what?.$case !== "definition" || definitionHash === "") throw runErrors.moveUnversioned({ id: runId });
  const versionSelector = { $case: "label", value: version } as const;
  const reference = { name: what.value.name, version: version === "" ? undefined : versionSelector };
  return await orders.version(reference, parameters && jsonOf(parameters, "parameters"), context);
}

function withInput(review: MoveReview, problem: string | undefined): MoveReview {
  if (problem === undefined) return review;
  const message = `its input does not satisfy the version: ${problem}`;
  return MoveReview.create({
    ...review,
    verdict: MoveVerdict.MOVE_VERDICT_IMPOSSIBLE,
    problems: [{ id: "", message }, ...review.problems],
  });
}

/**
 * Undoes the last move, if only scheduling of the run itself followed. A repeated call finds its first reset in the
 * history. The runtime compares both, and returns the first reply.
 */
async function moveBack(
  dependencies: RunDependencies,
  { namespace, runId, dryRun, reason, idempotencyKey }: MoveRunRequest,
  context: CallContext,
): Promise<MoveRunReply> {
  let moved: Recorded | undefined;
  let since = "it was never moved";
  let lastResetTo: number | undefined;
  let repeatedTo: number | undefined;
  for await (const record of recordsOf(dependencies, runId, 0, context)) {
    if (record.type === "run_reset") lastResetTo = RunResetV1.decode(record.payload).toEvent;
    if (!dryRun && isReplyTo(idempotencyKey, record, dependencies.foundation.clock.now()))
      repeatedTo = lastResetTo;
    if (record.type === "run_moved") [moved, since] = [record, ""];
    else if (since === "" && moved !== undefined && !isOf(moved, record))
      since = `\`${record.type}\` has happened since`;
  }
  const run = await runNamed(dependencies, runId, {}, context);
  if (since !== "" && repeatedTo === undefined) {
    if (!dryRun) throw runErrors.moveSettled({ id: runId, problem: since });
    const problems = [{ id: "", message: since }];
    return { run, review: MoveReview.create({ verdict: MoveVerdict.MOVE_VERDICT_IMPOSSIBLE, problems }) };
  }
  const review = MoveReview.create({ verdict: MoveVerdict.MOVE_VERDICT_SAFE });
  if (dryRun) return { run, review };
  const toEvent = repeatedTo ?? (moved?.event ?? 1) - 1;
  const resetRequest = { namespace, runId, toEvent, keepSignals: true, reason, idempotencyKey };
  return { run: (await reset(dependencies, resetRequest, context)).run, review };
}

/** Returns whether the event belongs to the move, or only schedules the run without an effect yet. */
function isOf(moved: Recorded, { type, timeMs, traceparent, reason }: Recorded): boolean {
  const isSameStep = timeMs === moved.timeMs && traceparent === moved.traceparent && reason === moved.reason;
  // The runtime's own records are about the call, not about the run.
  return isSameStep || startEvents.has(type) || type.startsWith("runtime.");
}

const startEvents: ReadonlySet<string> = new Set([
  "task_queued",
  "attempt_queued",
  "task_held",
  "task_skipped",
  "task_waiting",
  "entries_begun",
  "round_begun",
  ...["approval_asked", "cache_asked", "cache_awaited", "run_put_off", "run_limit_asked"],
]);
