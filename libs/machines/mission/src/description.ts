/** What is shown of a mission: in lists, and in golden histories. */
import { MissionSnapshotV1 } from "@tutti/contracts/swarm/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import type { Description } from "@tutti/kernel";
import { cut } from "@tutti/machine-run/siblings";
import { labelLengthMax } from "./limits.ts";
import { snapshotOf } from "./snapshots.ts";
import { hasEnded, type Mission, type MissionView, statusOf } from "./state.ts";

/** What missions are found by besides their own labels: names that no label of a user can have. */
export const indexLabels = {
  hash: "mission:hash",
  errorCode: "mission:error",
  parent: "mission:parent",
  title: "mission:title",
  /** How many questions to people are open, set while it waits for a person: 0 where it is held, and nobody is asked. */
  person: "mission:person",
  /** Set while it goes in circles or does not get on. */
  trouble: "mission:trouble",
} as const;

export function describeMission(mission: MissionView): Description {
  const { order } = mission;
  const labels: Record<string, string> = { ...order?.spec?.labels, ...order?.labels };
  if (order !== undefined) {
    if (order.hash !== "") labels[indexLabels.hash] = order.hash;
    if (order.spec?.title) labels[indexLabels.title] = cut(order.spec.title, labelLengthMax);
    const { parent } = order;
    if (parent !== undefined) labels[indexLabels.parent] = cut(`${parent.kind}/${parent.id}`, labelLengthMax);
  }
  if (mission.error !== undefined) labels[indexLabels.errorCode] = cut(mission.error.code, labelLengthMax);
  if (!hasEnded(mission)) {
    const isPaused = mission.pauseMs > 0 || (mission.counts[TaskStatus.TASK_STATUS_PAUSED] ?? 0) > 0;
    if (isPaused || mission.openQuestions > 0) labels[indexLabels.person] = String(mission.openQuestions);
    if (mission.trouble !== "") labels[indexLabels.trouble] = "yes";
  }
  return {
    status: statusOf(mission),
    definition: order?.definition ?? "",
    labels,
    idChosen: order?.idChosen ?? false,
    keepMs: order?.spec?.retentionMs || undefined,
    removedMs: mission.removeMs || undefined,
  };
}

/** All of the state as plain JSON. */
export function projectMission(mission: MissionView): unknown {
  const { counts, left, children, openPlaces, reserved, openVotes, openQuestions, keptBytes, boardBytes } =
    mission;
  return {
    ...(MissionSnapshotV1.toJSON(snapshotOf(mission as Mission)) as object),
    follows: {
      ...{
        counts: [...counts],
        left,
        children,
        openPlaces,
        reserved: { ...reserved },
        openVotes,
        openQuestions,
      },
      ...{
        keptBytes,
        boardBytes,
        messageBytes: mission.messageBytes,
        claimable: [...mission.claimable.numbers()].sort(),
      },
      ...{ forBudget: mission.heldForBudget.size, forPlace: mission.heldForPlace.size },
      roles: [...mission.roleCounts].sort(),
    },
  };
}
