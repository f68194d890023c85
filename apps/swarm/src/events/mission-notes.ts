/** The published events of missions. */
import type {
  AttemptFailedV1,
  BudgetUsedUpV1,
  EntriesWrittenV1,
  LeaderElectedV1,
  MessagesSentV1,
  MissionFailedV1,
  MissionStartedV1,
  QuestionAskedV1,
  QuestionDecidedV1,
  TaskHandedOnV1,
  TroubleFoundV1,
  VoteClosedV1,
  VoteOpenedV1,
} from "@tutti/contracts/swarm/v1";
import { type ErrorDetail, Verdict } from "@tutti/contracts/types/v1";
import { type NoteOf, retryNote } from "@tutti/host/serving";
import { toTimestamp } from "@tutti/kernel";
import { approvalMessage, type Mission } from "@tutti/machine-mission";
import type { Happening } from "@tutti/runtime";
import { eventNote } from "./mission-note.ts";

const textMax = 500;

/** Event names with versions, each with the function that notes it. */
export const missionNotes: Readonly<Record<string, NoteOf<Mission, never>>> = {
  mission_started: (_mission, { order }: MissionStartedV1, happening) => {
    const { definition = "", spec, labels = {}, parent } = order ?? {};
    const goal = (spec?.goal ?? "").slice(0, textMax);
    const all = { ...spec?.labels, ...labels };
    return eventNote(happening, "tutti.swarm.mission.started", { definition, goal, labels: all, parent });
  },
  mission_paused: (_mission, _body, happening) =>
    eventNote(happening, "tutti.swarm.mission.paused", { error: undefined }),
  mission_resumed: (_mission, _body, happening) => eventNote(happening, "tutti.swarm.mission.resumed", {}),
  mission_completed: (mission, _body, happening) => {
    const used = { ...mission.spent };
    return eventNote(happening, "tutti.swarm.mission.completed", { ...endOf(mission, happening), used });
  },
  mission_failed: (mission, { error }: MissionFailedV1, happening) =>
    eventNote(happening, "tutti.swarm.mission.failed", {
      ...endOf(mission, happening),
      error: copied(error),
    }),
  mission_cancelled: (mission, _body, happening) =>
    eventNote(happening, "tutti.swarm.mission.cancelled", endOf(mission, happening)),
  mission_terminated: (mission, _body, happening) =>
    eventNote(happening, "tutti.swarm.mission.terminated", endOf(mission, happening)),
  trouble_found: (_mission, { trouble: reason }: TroubleFoundV1, happening) =>
    eventNote(happening, "tutti.swarm.mission.stalled", { reason }),
  entries_written: ({ entries }, body: EntriesWrittenV1, happening) => {
    const versions = new Map<string, number>();
    return body.entries.map(({ key, value }, part) => {
      const version = (versions.get(key) ?? entries.get(key)?.version ?? 0) + 1;
      versions.set(key, version);
      const removed = value === undefined;
      return eventNote(happening, "tutti.swarm.blackboard.changed", { key, version, removed }, part);
    });
  },
  messages_sent: (_mission, { sender, agent, messages }: MessagesSentV1, happening) =>
    messages.map(({ to }, part) => {
      const body = {
        sender: agent || (sender?.id ?? ""),
        receiver: to?.target?.$case === "agentId" ? to.target.value : "",
        topic: to?.target?.$case === "topic" ? to.target.value : "",
      };
      return eventNote(happening, "tutti.swarm.message.sent", body, part);
    }),
  task_handed_on: ({ tasks }, { node, handoff, toAgent }: TaskHandedOnV1, happening) =>
    eventNote(happening, "tutti.swarm.task.handed_off", {
      task: tasks[node]?.spec.id ?? "",
      before: handoff?.fromAgentId ?? "",
      agentId: toAgent,
      reason: handoff?.reason ?? "",
    }),
  vote_opened: (_mission, { vote, openMs }: VoteOpenedV1, happening) => {
    const { voteId = "", question = "", timeoutMs = 0 } = vote ?? {};
    const expireTime = timeoutMs > 0 ? toTimestamp(openMs + timeoutMs) : undefined;
    return eventNote(happening, "tutti.swarm.vote.opened", {
      voteId,
      question: question.slice(0, textMax),
      expireTime,
    });
  },
  vote_closed: ({ votes }, { voteId, outcome }: VoteClosedV1, happening) =>
    eventNote(happening, "tutti.swarm.vote.closed", {
      voteId,
      outcome: outcome?.winner ?? "",
      reason: outcome?.message ?? "",
      votes: votes.get(voteId)?.vote.ballots.length ?? 0,
    }),
  leader_elected: ({ leader }, { agent }: LeaderElectedV1, happening) =>
    eventNote(happening, "tutti.swarm.leader.elected", { group: "", agentId: agent, before: leader }),
  budget_used_up: (_mission, { wanted, left, approvalId }: BudgetUsedUpV1, happening) =>
    eventNote(happening, "tutti.swarm.budget.exhausted", {
      wanted: wanted && { ...wanted },
      left: left && { ...left },
      approvalId,
    }),
  question_asked: (mission, { question }: QuestionAskedV1, happening) => {
    if (question === undefined) return progress(mission, undefined, happening);
    const { approvalId, about, title, deciders, expireTime } = approvalMessage(mission, question);
    const body = { approvalId, about, title, deciders, expireTime };
    return eventNote(happening, "tutti.swarm.approval.requested", body);
  },
  question_decided: (mission, { number, verdict }: QuestionDecidedV1, happening) => {
    const question = mission.questions.get(number);
    // Other people have to decide too.
    if (question === undefined || verdict === Verdict.VERDICT_UNSPECIFIED)
      return progress(mission, undefined, happening);
    const { approvalId, about } = approvalMessage(mission, question);
    return eventNote(happening, "tutti.swarm.approval.decided", { approvalId, about, verdict });
  },
  tasks_added: progress,
  task_claimed: progress,
  attempt_begun: progress,
  attempt_failed: ({ tasks }, body: AttemptFailedV1, happening) => [
    retryNote(happening, tasks[body.node]?.spec.id ?? "", body),
    happening,
  ],
  task_completed: progress,
  task_failed: progress,
  task_skipped: progress,
  task_cancelled: progress,
};

function progress(_mission: Mission, _body: unknown, happening: Happening): Happening {
  return happening;
}

function endOf({ order, beginMs, createMs }: Mission, { timeMs }: Happening) {
  const definition = order?.definition ?? "";
  return { definition, durationMs: Math.max(0, timeMs - (beginMs || createMs)) };
}

/** The error object of the mission may change later. */
function copied(error: ErrorDetail | undefined): ErrorDetail | undefined {
  return error && { ...error };
}
