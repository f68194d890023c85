/**
 * The events of approvals that a run requests: how each is closed, also without an answer when no answer is
 * possible any more.
 */
import { Verdict } from "@tutti/contracts/types/v1";
import {
  type ApprovalDelegatedV1,
  type RunResetV1,
  RunSnapshotV1,
  type TransitionTakenV1,
} from "@tutti/contracts/workflow/v1";
import { isWithin, outermostPlace, questionsOpen, type Run } from "@tutti/machine-run";
import type { Happening } from "@tutti/runtime";
import { eventNote, type WorkflowNote } from "./note.ts";

type Closed = WorkflowNote<"tutti.workflow.approval.decided">;
type IsMeant = Parameters<typeof questionsOpen>[1];
type OpenQuestion = ReturnType<typeof questionsOpen>[number];

/** Returns the questions that an event withdraws: all open ones, or the selected ones. */
export function withdrawnIn(run: Run, happening: Happening, isMeant?: IsMeant): Closed[] {
  return questionsOpen(run, isMeant).map((question, part) =>
    closed(happening, question, Verdict.VERDICT_WITHDRAWN, part),
  );
}

/** Withdraws the questions of an ended task and of its parts. */
export function withdrawnInTask(
  run: Run,
  { node: number }: { readonly node: number },
  happening: Happening,
): (Closed | Happening)[] {
  return [...withdrawnIn(run, happening, (node) => isWithin(run, node, number)), happening];
}

/** Withdraws the questions of a state that the run leaves. */
export function withdrawnWithState(
  run: Run,
  { transition }: TransitionTakenV1,
  happening: Happening,
): Closed[] {
  const activity = run.ranges[run.more?.states?.activity ?? -1];
  const isLeaving = (run.plan?.plan.transitions[transition]?.to ?? -1) >= 0;
  if (activity === undefined || !isLeaving) return [];
  return withdrawnIn(run, happening, (node) => outermostPlace(run, node) === activity.first);
}

/** Withdraws questions at a reset (those asked since) or at a move (those missing in the new version). */
export function withdrawnByReset(
  run: Run,
  { snapshot }: Pick<RunResetV1, "snapshot">,
  happening: Happening,
): Closed[] {
  if (questionsOpen(run).length === 0) return [];
  const openApprovals = new Set(
    RunSnapshotV1.decode(snapshot).nodes.map(({ question }) => question?.approvalId),
  );
  return withdrawnIn(run, happening, ({ more }) => !openApprovals.has(more?.question?.approvalId));
}

/** Returns the event of a final decision. */
export function decidedOf(
  run: Run,
  { node, verdict }: { readonly node: number; readonly verdict: Verdict },
  happening: Happening,
): Closed | undefined {
  const [question] = questionsOpen(run, ({ number }) => number === node);
  return question && closed(happening, question, verdict);
}

/** @param person the person who has the question, or had it */
export function claimChangedOf(
  type: "tutti.workflow.approval.claimed" | "tutti.workflow.approval.released",
  run: Run,
  { node, person }: { readonly node: number; readonly person: string },
  happening: Happening,
): WorkflowNote<typeof type> | undefined {
  const [question] = questionsOpen(run, ({ number }) => number === node);
  if (question === undefined) return undefined;
  const { approvalId } = question;
  return eventNote(happening, type, { approvalId, about: aboutOf(happening, question), person });
}

export function delegatedOf(
  run: Run,
  { node, delegation }: ApprovalDelegatedV1,
  happening: Happening,
): WorkflowNote<"tutti.workflow.approval.delegated"> | undefined {
  const [question] = questionsOpen(run, ({ number }) => number === node);
  if (question === undefined) return undefined;
  const { approvalId } = question;
  const { person = "", people = [] } = delegation ?? {};
  const body = { approvalId, about: aboutOf(happening, question), person, people: [...people] };
  return eventNote(happening, "tutti.workflow.approval.delegated", body);
}

function closed(happening: Happening, question: OpenQuestion, verdict: Verdict, part = 0): Closed {
  const about = aboutOf(happening, question);
  const { approvalId } = question;
  return eventNote(happening, "tutti.workflow.approval.decided", { approvalId, about, verdict }, part);
}

function aboutOf({ key: { namespace, id } }: Happening, { task }: OpenQuestion) {
  return { namespace, kind: "run", id, task };
}
