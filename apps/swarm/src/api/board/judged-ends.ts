/**
 * Checks results of claimed tasks by rules before the mission receives them. A rejected result ends its
 * attempt as failed. Questions to people go to the mission with the result.
 */
import type { BoardTask, ClaimEnd, ClaimQuestions, CompleteTasksRequest } from "@tutti/contracts/swarm/v1";
import { type CallContext, errorFromUnknown, toErrorDetail } from "@tutti/kernel";
import { showBoardTasks } from "@tutti/machine-mission";
import { type MissionDependencies, queryMission } from "../missions/dependencies.ts";

const sizeMax = 1_000;

/** Returns whether there is any rule about results now. */
export function isJudged({ admission }: Pick<MissionDependencies, "admission">): boolean {
  return admission?.hasAnyAboutResults === true;
}

export interface JudgedEnds {
  readonly ends: ClaimEnd[];
  /** Questions to people before the result of a claim counts. */
  readonly questions: ClaimQuestions[];
}

export async function judgedEnds(
  dependencies: MissionDependencies,
  { missionId, agentId, ends }: CompleteTasksRequest,
  context: CallContext,
): Promise<JudgedEnds> {
  const claimed = await claimedBy(dependencies, missionId, agentId, context);
  const questions: ClaimQuestions[] = [];
  return {
    ends: ends.map((end) => judged(dependencies.admission, end, claimed.get(end.claimId))),
    questions,
  };

  function judged(
    rules: MissionDependencies["admission"],
    end: ClaimEnd,
    task: BoardTask | undefined,
  ): ClaimEnd {
    // The mission itself refuses the end of a missing claim.
    if (rules === undefined || task?.spec === undefined || end.outcome?.$case !== "output") return end;
    const { id, work, placement } = task.spec;
    try {
      const verdict = rules.result({
        namespace: context.namespace,
        kind: "mission",
        id: missionId,
        task: id,
        attempt: task.attempts,
        definition: "",
        capability: work?.$case === "capability" ? work.value : "",
        pool: placement?.pool ?? "",
        agent: agentId,
        output: end.outcome.value,
      });
      if (verdict === undefined) return end;
      const { output } = verdict;
      if (verdict.questions.length > 0)
        questions.push({ claimId: end.claimId, questions: [...verdict.questions] });
      if (output === undefined) return end;
      const body = { $case: "inline" as const, value: output };
      return { ...end, outcome: { $case: "output", value: { body, mediaType: "" } } };
    } catch (thrown) {
      return { ...end, outcome: { $case: "failed", value: toErrorDetail(errorFromUnknown(thrown)) } };
    }
  }
}

async function claimedBy(
  dependencies: MissionDependencies,
  missionId: string,
  agentId: string,
  context: CallContext,
): Promise<ReadonlyMap<string, BoardTask>> {
  const found = new Map<string, BoardTask>();
  for (let from = 0; from >= 0; ) {
    const body = { from, size: sizeMax, statuses: [], claimedBy: agentId, parentTaskId: "", text: "" };
    const { tasks, next } = await queryMission(
      dependencies,
      missionId,
      { query: showBoardTasks, body },
      context,
    );
    for (const task of tasks) if (task.claim !== undefined) found.set(task.claim.claimId, task as BoardTask);
    from = next;
  }
  return found;
}
