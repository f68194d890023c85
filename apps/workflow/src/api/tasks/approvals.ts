/** Questions to people: of one run from itself, of all by the index, and what people decide. */
import { type Approval, ApprovalFilter, Approval as Approvals, Verdict } from "@tutti/contracts/types/v1";
import {
  type DecideApprovalRequest,
  type ListApprovalsReply,
  type ListApprovalsRequest,
  ListApprovalsRequest as ListRequests,
  type WatchApprovalsReply,
  type WatchApprovalsRequest,
} from "@tutti/contracts/workflow/v1";
import { everything, type MachineDesk, sizeOf } from "@tutti/host/serving";
import type { LabelCondition } from "@tutti/journal";
import {
  type CallContext,
  fromTimestamp,
  isTuttiError,
  kernelErrors,
  sleep,
  toTimestamp,
} from "@tutti/kernel";
import {
  type ApprovalsShown,
  decideApproval,
  indexLabels,
  runErrors,
  showApprovals,
} from "@tutti/machine-run";
import { askRun, tellRun } from "../runs/desk.ts";
import type { TaskDesk } from "./desk.ts";

/** Runs that are asked for their questions, and how many at once. */
const runsMax = 2_000;
const askedAtOnce = 50;
const pageMax = 1_000;

export async function listApprovals(
  desk: TaskDesk,
  { filter = ApprovalFilter.create(), page }: ListApprovalsRequest,
  context: CallContext,
): Promise<ListApprovalsReply> {
  const indexedTo = toTimestamp(desk.foundation.clock.now());
  const size = sizeOf(page);
  const found =
    filter.workId === ""
      ? await ofAll(desk, filter, context)
      : (await ofRun(desk, filter.workId, context)).filter((one) => fits(filter, one, context));
  const after = placeOf(page?.token ?? "");
  const rest = found
    .map((approval) => ({ approval, place: orderOf(approval) }))
    .filter(({ place }) => place > after)
    .sort((one, other) => (one.place < other.place ? -1 : 1));
  const last = rest[size - 1];
  return {
    approvals: rest.slice(0, size).map(({ approval }) => approval),
    page: {
      nextToken: last === undefined || rest.length <= size ? "" : tokenOf(last.place),
      total: undefined,
    },
    indexedTo,
  };
}

/** Looking at the index costs little. */
const lookMs = 500;
/** A stream says something at least this often. */
const signOfLifeMs = 5_000;

/** All that are wanted, then what changes: a question that was shown is shown once more when it is decided. */
export async function* watchApprovals(
  desk: TaskDesk,
  { filter = ApprovalFilter.create() }: WatchApprovalsRequest,
  context: CallContext,
): AsyncGenerator<WatchApprovalsReply, void> {
  const { clock, timers } = desk.foundation;
  const { signal } = context;
  const shown = new Map<string, string>();
  let known: ReadonlyMap<string, number> = new Map();
  let isLive = false;
  for (let toldMs = clock.monotonic(); !signal.aborted; ) {
    const now = await runsThatAsk(desk, filter, context);
    const changed = [...now].filter(([id, events]) => known.get(id) !== events).map(([id]) => id);
    const gone = [...known.keys()].filter((id) => !now.has(id));
    known = now;
    const approvals: Approval[] = [];
    for (const approval of await ofRuns(desk, [...changed, ...gone], context)) {
      const name = `${approval.about?.id}/${approval.approvalId}`;
      const isWanted = fits(filter, approval, context);
      if (!isWanted && !shown.has(name)) continue;
      const stands = Buffer.from(Approvals.encode(approval).finish()).toString("base64");
      if (shown.get(name) === stands) continue;
      if (isWanted) shown.set(name, stands);
      else shown.delete(name);
      approvals.push(approval);
    }
    if (!isLive || approvals.length > 0 || clock.monotonic() - toldMs >= signOfLifeMs) {
      toldMs = clock.monotonic();
      isLive = true;
      yield { approvals, live: true, cursor: "" };
    }
    await sleep(timers, lookMs, signal).catch(() => {});
  }
}

export async function decide(
  desk: MachineDesk,
  { runId, approvalId, verdict, data, reason }: DecideApprovalRequest,
  context: CallContext,
): Promise<{ approval: Approval }> {
  const roles = [...context.principal.roles];
  const told = { command: decideApproval, body: { approvalId, verdict, data, reason, roles }, reason };
  await tellRun(desk, runId, told, context);
  const approval = (await ofRun(desk, runId, context)).find(
    (one) => one.approvalId === approvalId || one.about?.task === approvalId,
  );
  if (approval === undefined) throw runErrors.approvalMissing({ id: approvalId, run: runId });
  return { approval };
}

/** All of one run that is owned here, decided or not. */
async function ofRun(desk: MachineDesk, runId: string, context: CallContext): Promise<Approval[]> {
  const all: Approval[] = [];
  for (let from = 0; from >= 0; ) {
    const asked = { query: showApprovals, body: { from, size: pageMax } };
    const { approvals, next } = (await askRun(desk, runId, asked, context)) as ApprovalsShown;
    all.push(...approvals);
    from = next;
  }
  return all;
}

async function ofAll(desk: TaskDesk, filter: ApprovalFilter, context: CallContext): Promise<Approval[]> {
  const runs = await runsThatAsk(desk, filter, context);
  const found = await ofRuns(desk, [...runs.keys()], context);
  return found.filter((one) => fits(filter, one, context));
}

/** Runs that may have what is wanted, with how many events each has had, so that a change is noticed. */
async function runsThatAsk(
  { archive }: Pick<TaskDesk, "archive">,
  { verdicts, workId }: ApprovalFilter,
  { namespace }: CallContext,
): Promise<ReadonlyMap<string, number>> {
  const onlyOpen = verdicts.every((verdict) => verdict === Verdict.VERDICT_UNSPECIFIED);
  const labels: LabelCondition[] = onlyOpen ? [{ kind: "exists", name: indexLabels.person }] : [];
  const runs = new Map<string, number>();
  let cursor = "";
  do {
    const page = await archive.search({
      ...{ ...everything, namespace, kinds: ["run"], labels, cursor, limit: pageMax },
      order: onlyOpen ? "started-ascending" : "started-descending",
    });
    for (const { key, events } of page.entries)
      if (workId === "" || key.id === workId) runs.set(key.id, events);
    ({ cursor } = page);
  } while (cursor !== "" && runs.size < runsMax);
  return runs;
}

/** Whatever each of these runs has asked, wherever they are. */
async function ofRuns(desk: TaskDesk, runs: readonly string[], context: CallContext): Promise<Approval[]> {
  const all: Approval[] = [];
  for (let from = 0; from < runs.length; from += askedAtOnce) {
    const asked = runs.slice(from, from + askedAtOnce).map((workId) => everyOne(desk, workId, context));
    for (const approvals of await Promise.all(asked)) all.push(...approvals);
  }
  return all;
}

async function everyOne({ tasks }: TaskDesk, workId: string, context: CallContext): Promise<Approval[]> {
  const request = ListRequests.fromPartial({
    ...{ namespace: context.namespace, filter: { workId, verdicts: [...everyVerdict] } },
    page: { size: pageMax },
  });
  try {
    return (await tasks.listApprovals(request, { context })).approvals;
  } catch (error) {
    // It is gone by now.
    if (isTuttiError(error) && error.status === "NOT_FOUND") return [];
    throw error;
  }
}

const everyVerdict: readonly Verdict[] = [
  Verdict.VERDICT_UNSPECIFIED,
  Verdict.VERDICT_APPROVED,
  Verdict.VERDICT_REJECTED,
  Verdict.VERDICT_EXPIRED,
  Verdict.VERDICT_WITHDRAWN,
];

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
function orderOf({ verdict, requestTime, about, approvalId }: Approval): string {
  const isClosed = verdict === Verdict.VERDICT_UNSPECIFIED ? 0 : 1;
  const requestMs = requestTime === undefined ? 0 : Math.floor(fromTimestamp(requestTime));
  return `${isClosed}${String(requestMs).padStart(16, "0")}${about?.id}/${approvalId}`;
}

// The leading letter is the version of the token's form.
const tokenOf = (place: string): string => `a${Buffer.from(place).toString("base64url")}`;

function placeOf(token: string): string {
  if (token === "") return "";
  if (/^a[\w-]+$/.test(token)) return Buffer.from(token.slice(1), "base64url").toString();
  const message = `expected the token of the page before, found ${token}`;
  throw kernelErrors.pageTokenInvalid(undefined, { violations: [{ field: "page.token", message }] });
}
