/** Questions to people: of one run from itself, of all runs by the index, and the decisions. */
import { type Approval, ApprovalFilter, Approval as Approvals } from "@tutti/contracts/types/v1";
import {
  type ClaimApprovalRequest,
  type DecideApprovalRequest,
  type DelegateApprovalRequest,
  type ListApprovalsReply,
  type ListApprovalsRequest,
  ListApprovalsRequest as ListRequests,
  type ReleaseApprovalRequest,
  type WatchApprovalsReply,
  type WatchApprovalsRequest,
} from "@tutti/contracts/workflow/v1";
import {
  approverNames,
  listQuestions,
  type MachineDependencies,
  matchesFilter,
  missionChildren,
  ofWorks,
  type Questions,
  sessionChildren,
  worksWithQuestions,
} from "@tutti/host/serving";
import { type CallContext, sleep, toTimestamp } from "@tutti/kernel";
import {
  type ApprovalsPage,
  claimApproval,
  decideApproval,
  delegateApproval,
  indexLabels,
  releaseApproval,
  runErrors,
  showApprovals,
} from "@tutti/machine-run";
import { executeOnRun, queryRun } from "../runs/dependencies.ts";
import type { TaskDependencies } from "./dependencies.ts";

const pageMax = 1_000;

export async function listApprovals(
  dependencies: TaskDependencies,
  { filter = ApprovalFilter.create(), page }: ListApprovalsRequest,
  context: CallContext,
): Promise<ListApprovalsReply> {
  const indexedTo = toTimestamp(dependencies.foundation.clock.now());
  const { approvals, nextToken } = await listQuestions(
    dependencies,
    questionsOf(dependencies),
    filter,
    page,
    context,
  );
  return { approvals, page: { nextToken, total: undefined }, indexedTo };
}

/** Reading the index costs little. */
const pollMs = 500;
/** Maximum interval of messages on a stream. */
const keepaliveMs = 5_000;

/** Sends the matching questions, then changes: a sent question is sent again when it is decided. */
export async function* watchApprovals(
  dependencies: TaskDependencies,
  { filter = ApprovalFilter.create() }: WatchApprovalsRequest,
  context: CallContext,
): AsyncGenerator<WatchApprovalsReply, void> {
  const { clock, timers } = dependencies.foundation;
  const questions = questionsOf(dependencies);
  const { signal } = context;
  const sent = new Map<string, string>();
  let known: Awaited<ReturnType<typeof worksWithQuestions>> = new Map();
  let isLive = false;
  for (let sentMs = clock.monotonic(); !signal.aborted; ) {
    const now = await worksWithQuestions(dependencies, questions, filter, context, true);
    const changed = [...now].filter(([id, { events }]) => known.get(id)?.events !== events);
    const removed = [...known].filter(([id]) => !now.has(id));
    known = now;
    const approvals: Approval[] = [];
    for (const approval of await ofWorks(
      questions,
      [...changed, ...removed].map(([, entry]) => entry),
      context,
    )) {
      const name = `${approval.about?.id}/${approval.approvalId}`;
      const isMatch = matchesFilter(filter, approval, context);
      if (!isMatch && !sent.has(name)) continue;
      const state = Buffer.from(Approvals.encode(approval).finish()).toString("base64");
      if (sent.get(name) === state) continue;
      if (isMatch) sent.set(name, state);
      else sent.delete(name);
      approvals.push(approval);
    }
    if (!isLive || approvals.length > 0 || clock.monotonic() - sentMs >= keepaliveMs) {
      sentMs = clock.monotonic();
      isLive = true;
      yield { approvals, live: true, cursor: "" };
    }
    await sleep(timers, pollMs, signal).catch(() => {});
  }
}

export async function decide(
  dependencies: MachineDependencies,
  { runId, approvalId, verdict, data, reason, idempotencyKey }: DecideApprovalRequest,
  context: CallContext,
): Promise<{ approval: Approval }> {
  const roles = approverNames(context.principal);
  const body = { approvalId, verdict, data, reason, roles };
  const call = { command: decideApproval, body, reason, idempotencyKey };
  await executeOnRun(dependencies, runId, call, context);
  return { approval: await questionNamed(dependencies, runId, approvalId, context) };
}

export async function claim(
  dependencies: MachineDependencies,
  { runId, approvalId }: ClaimApprovalRequest,
  context: CallContext,
): Promise<{ approval: Approval }> {
  const roles = approverNames(context.principal);
  await executeOnRun(dependencies, runId, { command: claimApproval, body: { approvalId, roles } }, context);
  return { approval: await questionNamed(dependencies, runId, approvalId, context) };
}

export async function delegate(
  dependencies: MachineDependencies,
  { runId, approvalId, people, reason }: DelegateApprovalRequest,
  context: CallContext,
): Promise<{ approval: Approval }> {
  const roles = approverNames(context.principal);
  const call = { command: delegateApproval, body: { approvalId, people, roles, reason }, reason };
  await executeOnRun(dependencies, runId, call, context);
  return { approval: await questionNamed(dependencies, runId, approvalId, context) };
}

export async function release(
  dependencies: MachineDependencies,
  { runId, approvalId, person, reason }: ReleaseApprovalRequest,
  context: CallContext,
): Promise<{ approval: Approval }> {
  const call = { command: releaseApproval, body: { approvalId, person }, reason };
  await executeOnRun(dependencies, runId, call, context);
  return { approval: await questionNamed(dependencies, runId, approvalId, context) };
}

async function questionNamed(
  dependencies: MachineDependencies,
  runId: string,
  approvalId: string,
  context: CallContext,
): Promise<Approval> {
  const approval = (await ofRun(dependencies, runId, context)).find(
    (candidate) => candidate.approvalId === approvalId || candidate.about?.task === approvalId,
  );
  if (approval === undefined) throw runErrors.approvalMissing({ id: approvalId, run: runId });
  return approval;
}

/** Returns all questions of a run that is owned here, decided or not. */
async function ofRun(
  dependencies: MachineDependencies,
  runId: string,
  context: CallContext,
): Promise<Approval[]> {
  const all: Approval[] = [];
  for (let from = 0; from >= 0; ) {
    const call = { query: showApprovals, body: { from, size: pageMax } };
    const { approvals, next } = (await queryRun(dependencies, runId, call, context)) as ApprovalsPage;
    all.push(...approvals);
    from = next;
  }
  return all;
}

function questionsOf(dependencies: TaskDependencies): Questions {
  return {
    kind: "run",
    person: indexLabels.person,
    answered: indexLabels.answered,
    parent: indexLabels.parent,
    remote: [missionChildren(dependencies.missions), sessionChildren(dependencies.sessions)],
    ofOwn: (id, context) => ofRun(dependencies, id, context),
    async ofAny({ filter, size }, context) {
      const { namespace } = context;
      const request = ListRequests.fromPartial({ namespace, filter, page: { size } });
      return (await dependencies.tasks.listApprovals(request, { context })).approvals;
    },
  };
}
