/** Questions of missions to people, and their decisions. */
import {
  type DecideMissionApprovalRequest,
  type ListMissionApprovalsReply,
  type ListMissionApprovalsRequest,
  ListMissionApprovalsRequest as ListRequests,
} from "@tutti/contracts/swarm/v1";
import { type Approval, ApprovalFilter, Verdict } from "@tutti/contracts/types/v1";
import {
  approverNames,
  listQuestions,
  type Questions,
  runChildren,
  sessionChildren,
} from "@tutti/host/serving";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import { decideQuestion, indexLabels, missionErrors, showMissionApprovals } from "@tutti/machine-mission";
import { executeOnMission, type MissionDependencies, queryMission } from "./dependencies.ts";

const pageSize = 1_000;

export async function listApprovals(
  dependencies: MissionDependencies,
  { filter = ApprovalFilter.create(), page }: ListMissionApprovalsRequest,
  context: CallContext,
): Promise<ListMissionApprovalsReply> {
  const indexedTo = toTimestamp(dependencies.foundation.clock.now());
  const questions = questionsOf(dependencies);
  const { approvals, nextToken } = await listQuestions(dependencies, questions, filter, page, context);
  return { approvals, page: { nextToken, total: undefined }, indexedTo };
}

export async function decide(
  dependencies: MissionDependencies,
  { missionId, approvalId, verdict, data, reason }: DecideMissionApprovalRequest,
  context: CallContext,
): Promise<{ approval: Approval }> {
  const approved = verdict === Verdict.VERDICT_APPROVED;
  const roles = approverNames(context.principal);
  const body = { approvalId, approved, data, reason, roles };
  await executeOnMission(dependencies, missionId, { command: decideQuestion, body, reason }, context);
  const all = await ofOwn(dependencies, missionId, context);
  const approval = all.find((each) => each.approvalId === approvalId);
  if (approval === undefined) throw missionErrors.approvalMissing({ id: approvalId });
  return { approval };
}

function questionsOf(dependencies: MissionDependencies): Questions {
  return {
    kind: "mission",
    person: indexLabels.person,
    answered: indexLabels.answered,
    parent: indexLabels.parent,
    remote: [runChildren(dependencies.runs), sessionChildren(dependencies.sessions)],
    ofOwn: (id, context) => ofOwn(dependencies, id, context),
    async ofAny({ filter, size }, context) {
      const { namespace } = context;
      const request = ListRequests.fromPartial({ namespace, filter, page: { size } });
      return (await dependencies.missions.listMissionApprovals(request, { context })).approvals;
    },
  };
}

async function ofOwn(
  dependencies: MissionDependencies,
  missionId: string,
  context: CallContext,
): Promise<readonly Approval[]> {
  const all: Approval[] = [];
  for (;;) {
    const body = { verdicts: [], from: all.length, size: pageSize };
    const call = { query: showMissionApprovals, body };
    const { approvals, isMore } = await queryMission(dependencies, missionId, call, context);
    all.push(...approvals);
    if (!isMore) return all;
  }
}
