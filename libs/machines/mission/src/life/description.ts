/** The description of a mission in lists and in golden histories. */
import { Budget, MissionSnapshotV1 } from "@tutti/contracts/swarm/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import type { Description } from "@tutti/kernel";
import { countsLabel, isNothing, labelLengthMax, truncate } from "@tutti/machine-work";
import { limitOf } from "../core/budget/accounting.ts";
import { hasEnded, type Mission, type MissionView, statusOf } from "../core/state/state.ts";
import { snapshotOf } from "./snapshots.ts";

/** Labels for finding missions, in addition to their own: no label of a user can have these names. */
export const indexLabels = {
  hash: "mission:hash",
  errorCode: "mission:error",
  parent: "mission:parent",
  /** Its title, or the first line of its goal. */
  title: "mission:title",
  /**
   * Number of open questions to people, set while it waits for a person: 0 if it is paused without a
   * question.
   */
  person: "mission:person",
  /** Set while a question with a decision of a person is kept. */
  answered: "mission:answered",
  /** Description of a loop or standstill. */
  trouble: "mission:trouble",
  /** The leader. Absent if there is none. */
  leader: "mission:leader",
  /** Number of tasks by status: `8:2 9:1`. Absent without any. */
  tasks: "mission:tasks",
  /** Number of open votes. Absent without any. */
  votes: "mission:votes",
  /** Used, reserved and maximum amounts, as bytes in base64url. Absent if all are empty. */
  budget: "mission:budget",
} as const;

export function describeMission(mission: MissionView): Description {
  const { order } = mission;
  const labels: Record<string, string> = { ...order?.spec?.labels, ...order?.labels };
  if (order !== undefined) {
    if (order.hash !== "") labels[indexLabels.hash] = order.hash;
    const title = order.spec?.title || firstLine(order.spec?.goal ?? "");
    if (title !== "") labels[indexLabels.title] = truncate(title, labelLengthMax);
    const { parent } = order;
    if (parent !== undefined)
      labels[indexLabels.parent] = truncate(`${parent.kind}/${parent.id}`, labelLengthMax);
  }
  if (hasDecisions(mission)) labels[indexLabels.answered] = "yes";
  if (mission.error !== undefined)
    labels[indexLabels.errorCode] = truncate(mission.error.code, labelLengthMax);
  if (!hasEnded(mission)) {
    const isPaused = mission.pauseMs > 0 || (mission.counts[TaskStatus.TASK_STATUS_PAUSED] ?? 0) > 0;
    if (isPaused || mission.openQuestions > 0) labels[indexLabels.person] = String(mission.openQuestions);
    if (mission.trouble !== "") labels[indexLabels.trouble] = truncate(mission.trouble, labelLengthMax);
    if (mission.leader !== "") labels[indexLabels.leader] = truncate(mission.leader, labelLengthMax);
    if (mission.openVotes > 0) labels[indexLabels.votes] = String(mission.openVotes);
  }
  if (mission.tasks.length > 0) labels[indexLabels.tasks] = countsLabel(mission.counts);
  const budget = budgetLabel(mission);
  if (budget !== "") labels[indexLabels.budget] = budget;
  return {
    status: statusOf(mission),
    definition: order?.definition ?? "",
    labels,
    idChosen: order?.idChosen ?? false,
    keepMs: order?.spec?.retentionMs || undefined,
    removedMs: mission.removeMs || undefined,
  };
}

function hasDecisions({ questions }: MissionView): boolean {
  for (const { decisions } of questions.values()) if (decisions.length > 0) return true;
  return false;
}

const firstLine = (text: string): string => text.trim().split("\n", 1)[0] ?? "";

function budgetLabel(mission: MissionView): string {
  const { spent, reserved } = mission;
  const limit = limitOf(mission);
  if ([limit, spent, reserved].every(isNothing)) return "";
  const budget = Budget.fromPartial({ limit, spent, reserved });
  return Buffer.from(Budget.encode(budget).finish()).toString("base64url");
}

/** The budget of a label. Undefined if there is none. The label does not include the rest of the budget. */
export function budgetIn(label: string | undefined): Budget | undefined {
  return label === undefined ? undefined : Budget.decode(Buffer.from(label, "base64url"));
}

/** Returns the whole state as plain JSON. */
export function projectMission(mission: MissionView): unknown {
  const {
    counts,
    remaining,
    children,
    openPlaces,
    reserved,
    openVotes,
    openQuestions,
    storedBytes,
    boardBytes,
  } = mission;
  return {
    ...(MissionSnapshotV1.toJSON(withoutSkipped(snapshotOf(mission as Mission))) as object),
    follows: {
      counts: [...counts],
      left: remaining,
      children,
      openPlaces,
      reserved: { ...reserved },
      openVotes,
      openQuestions,
      keptBytes: storedBytes,
      boardBytes,
      messageBytes: mission.messageBytes,
      claimable: [...mission.claimable.numbers()].sort(),
      forBudget: mission.heldForBudget.size,
      forPlace: mission.heldForPlace.size,
      roles: [...mission.roleCounts].sort(),
    },
  };
}

/**
 * Snapshots of older releases lack this count: for such a mission it starts there. It is only for display.
 */
function withoutSkipped(snapshot: MissionSnapshotV1): MissionSnapshotV1 {
  return { ...snapshot, tasks: snapshot.tasks.map((task) => ({ ...task, skipped: 0 })) };
}
