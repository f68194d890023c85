/** Questions to people: of one mission from itself, of all by the index, and what people decide. */
import {
  type DecideMissionApprovalRequest,
  type ListMissionApprovalsReply,
  type ListMissionApprovalsRequest,
  ListMissionApprovalsRequest as ListRequests,
} from "@tutti/contracts/swarm/v1";
import { type Approval, ApprovalFilter, Verdict } from "@tutti/contracts/types/v1";
import { allEntries, placeOfToken, sizeOf, tokenOfPlace } from "@tutti/host/serving";
import type { LabelCondition } from "@tutti/journal";
import { type CallContext, fromTimestamp, isTuttiError, toTimestamp } from "@tutti/kernel";
import { decideQuestion, indexLabels, missionErrors, showMissionApprovals } from "@tutti/machine-mission";
import { askMission, type MissionDesk, tellMission } from "./desk.ts";

/** Missions that are asked for their questions, and how many at once. */
const missionsMax = 2_000;
const askedAtOnce = 50;
const pageSize = 1_000;

export async function listApprovals(
  desk: MissionDesk,
  { filter = ApprovalFilter.create(), page }: ListMissionApprovalsRequest,
  context: CallContext,
): Promise<ListMissionApprovalsReply> {
  const indexedTo = toTimestamp(desk.foundation.clock.now());
  const found =
    filter.workId === "" ? await ofAll(desk, filter, context) : await ofMission(desk, filter.workId, context);
  const wanted = found.filter((one) => fits(filter, one, context)).sort(inOrder);
  const place = placeOfToken(page?.token ?? "");
  const end = place + sizeOf(page);
  const nextToken = end < wanted.length ? tokenOfPlace(end) : "";
  return { approvals: wanted.slice(place, end), page: { nextToken, total: wanted.length }, indexedTo };
}

export async function decide(
  desk: MissionDesk,
  { missionId, approvalId, verdict, data, reason }: DecideMissionApprovalRequest,
  context: CallContext,
): Promise<{ approval: Approval }> {
  const approved = verdict === Verdict.VERDICT_APPROVED;
  const body = { approvalId, approved, data, reason };
  await tellMission(desk, missionId, { command: decideQuestion, body, reason }, context);
  const all = await ofMission(desk, missionId, context);
  const approval = all.find((one) => one.approvalId === approvalId);
  if (approval === undefined) throw missionErrors.approvalMissing({ id: approvalId });
  return { approval };
}

/** All of one mission that is owned here, decided or not. */
async function ofMission(
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

async function ofAll(desk: MissionDesk, filter: ApprovalFilter, context: CallContext): Promise<Approval[]> {
  const { verdicts } = filter;
  const onlyOpen = verdicts.every((verdict) => verdict === Verdict.VERDICT_UNSPECIFIED);
  const labels: LabelCondition[] = onlyOpen ? [{ kind: "exists", name: indexLabels.person }] : [];
  const { namespace } = context;
  const entries = await allEntries(desk, { namespace, kinds: ["mission"], labels });
  const ids = entries.slice(0, missionsMax).map(({ key }) => key.id);
  const all: Approval[] = [];
  for (let from = 0; from < ids.length; from += askedAtOnce) {
    const asked = ids.slice(from, from + askedAtOnce).map((id) => ofAny(desk, id, filter, context));
    for (const approvals of await Promise.all(asked)) all.push(...approvals);
  }
  return all;
}

/** Of a mission wherever it is. */
async function ofAny(
  { missions }: MissionDesk,
  workId: string,
  filter: ApprovalFilter,
  context: CallContext,
): Promise<readonly Approval[]> {
  const { namespace } = context;
  const request = ListRequests.fromPartial({
    namespace,
    filter: { ...filter, workId },
    page: { size: pageSize },
  });
  try {
    return (await missions.listMissionApprovals(request, { context })).approvals;
  } catch (error) {
    // It is gone by now.
    if (isTuttiError(error) && error.status === "NOT_FOUND") return [];
    throw error;
  }
}

function fits(
  { verdicts, mine, text }: ApprovalFilter,
  { verdict, deciders, title, message }: Approval,
  { principal }: CallContext,
): boolean {
  const wanted = verdicts.length === 0 ? verdict === Verdict.VERDICT_UNSPECIFIED : verdicts.includes(verdict);
  if (!wanted) return false;
  const isMine = deciders.some((name) => name === principal.id || principal.roles.includes(name));
  if (mine && deciders.length > 0 && !isMine) return false;
  return `${title}\n${message}`.toLowerCase().includes(text.toLowerCase());
}

/** Open ones first, and of both the oldest first. */
function inOrder(one: Approval, other: Approval): number {
  return placeOf(one) < placeOf(other) ? -1 : 1;
}

function placeOf({ verdict, requestTime, about, approvalId }: Approval): string {
  const isClosed = verdict === Verdict.VERDICT_UNSPECIFIED ? 0 : 1;
  const requestMs = requestTime === undefined ? 0 : Math.floor(fromTimestamp(requestTime));
  return `${isClosed}${String(requestMs).padStart(16, "0")}${about?.id}/${approvalId}`;
}
