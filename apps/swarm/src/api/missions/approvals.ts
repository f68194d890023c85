/** Questions of missions to people, and what people decide. */
import {
  type DecideMissionApprovalRequest,
  type ListMissionApprovalsReply,
  type ListMissionApprovalsRequest,
  ListMissionApprovalsRequest as ListRequests,
} from "@tutti/contracts/swarm/v1";
import { type Approval, ApprovalFilter, Verdict } from "@tutti/contracts/types/v1";
import { listQuestions, type Questions } from "@tutti/host/serving";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import { decideQuestion, indexLabels, missionErrors, showMissionApprovals } from "@tutti/machine-mission";
import { askMission, type MissionDesk, tellMission } from "./desk.ts";

const pageSize = 1_000;

export async function listApprovals(
  desk: MissionDesk,
  { filter = ApprovalFilter.create(), page }: ListMissionApprovalsRequest,
  context: CallContext,
): Promise<ListMissionApprovalsReply> {
  const indexedTo = toTimestamp(desk.foundation.clock.now());
  const questions = questionsOf(desk);
  const { approvals, nextToken } = await listQuestions(desk, questions, filter, page, context);
  return { approvals, page: { nextToken, total: undefined }, indexedTo };
}

export async function decide(
  desk: MissionDesk,
  { missionId, approvalId, verdict, data, reason }: DecideMissionApprovalRequest,
  context: CallContext,
): Promise<{ approval: Approval }> {
  const approved = verdict === Verdict.VERDICT_APPROVED;
  const roles = [...context.principal.roles];
  const body = { approvalId, approved, data, reason, roles };
  await tellMission(desk, missionId, { command: decideQuestion, body, reason }, context);
  const all = await ofOwn(desk, missionId, context);
  const approval = all.find((one) => one.approvalId === approvalId);
  if (approval === undefined) throw missionErrors.approvalMissing({ id: approvalId });
  return { approval };
}

function questionsOf(desk: MissionDesk): Questions {
  return {
    kind: "mission",
    person: indexLabels.person,
    ofOwn: (id, context) => ofOwn(desk, id, context),
    async ofAny({ filter, size }, context) {
      const { namespace } = context;
      const request = ListRequests.fromPartial({ namespace, filter, page: { size } });
      return (await desk.missions.listMissionApprovals(request, { context })).approvals;
    },
  };
}

async function ofOwn(
  desk: MissionDesk,
  missionId: string,
  context: CallContext,
): Promise<readonly Approval[]> {
  const all: Approval[] = [];
  for (;;) {
    const body = { verdicts: [], from: all.length, size: pageSize };
    const asked = { query: showMissionApprovals, body };
    const { approvals, isMore } = await askMission(desk, missionId, asked, context);
    all.push(...approvals);
    if (!isMore) return all;
  }
}
