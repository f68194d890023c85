/** Questions of work to people: of one work from itself, of all by the index. */
import {
  Actor,
  ActorKind,
  type Approval,
  type ApprovalDecision,
  ApprovalFilter,
  type InboxTask,
  Verdict,
  type WorkReference,
} from "@tutti/contracts/types/v1";
import type { IndexEntry, LabelCondition } from "@tutti/journal";
import {
  type CallContext,
  fromTimestamp,
  isTuttiError,
  kernelErrors,
  liveStatuses,
  type Principal,
} from "@tutti/kernel";
import { runtimeErrors } from "@tutti/runtime/errors";
import { causeOf } from "../../runtime/cause.ts";
import { everything, sizeOf } from "../machine-calls.ts";
import { cut, familyOf, type RemoteChildren, worksMax } from "./children.ts";
import type { LookupDependencies } from "./lookups.ts";

/** Access to the questions of a kind of work. */
export interface Questions {
  readonly kind: string;
  /** Name of the label of work that waits for a person. */
  readonly person: string;
  /** Name of the label of work with a decision of a person. */
  readonly answered: string;
  /** Name of the label with the kind and id of the parent. */
  readonly parent: string;
  /** The children in other services. */
  readonly remote: readonly RemoteChildren[];
  /** Returns all questions of one work that is owned here, decided or not. */
  ofOwn(id: string, context: CallContext): Promise<readonly Approval[]>;
  /** Returns a limited number of questions of one work in any process, by a call. */
  ofAny(
    request: { readonly filter: ApprovalFilter; readonly size: number },
    context: CallContext,
  ): Promise<readonly Approval[]>;
}

/** The service that starts the runs of tasks in inboxes. */
export const inboxService = "inboxes";

/** Labels of a run with the approval of a task in an inbox. */
export const inboxLabels = {
  inbox: "inbox",
  capability: "capability",
  /** Kind and id of the work of the task: `run/order-1`. */
  work: "inbox-work",
  task: "inbox-task",
} as const;

/** The values of these labels for a task. They are cut at the limit of labels. */
export function inboxLabelsOf({ kind, id, task }: Pick<WorkReference, "kind" | "id" | "task">) {
  return { [inboxLabels.work]: cut(`${kind}/${id}`), [inboxLabels.task]: cut(task) };
}

/** Maximum number of works queried for their questions concurrently. */
const concurrentMax = 50;
const pageMax = 1_000;

export interface QuestionsPage {
  readonly approvals: Approval[];
  readonly nextToken: string;
}

export async function listQuestions(
  dependencies: Pick<LookupDependencies, "archive">,
  questions: Questions,
  filter: ApprovalFilter,
  page: { readonly size: number; readonly token: string } | undefined,
  context: CallContext,
): Promise<QuestionsPage> {
  const size = sizeOf(page);
  const after = placeIn(page?.token ?? "");
  const all =
    filter.workId === ""
      ? await ofWorks(
          questions,
          [...(await worksWithQuestions(dependencies, questions, filter, context)).values()],
          context,
        )
      : await ofWork(dependencies, questions, filter, context);
  const rest = all
    .filter((approval) => matchesFilter(filter, approval, context))
    .map((approval) => ({ approval, place: placeOf(approval) }))
    .filter(({ place }) => place > after)
    .sort((one, other) => (one.place < other.place ? -1 : 1));
  const last = rest[size - 1];
  return {
    approvals: rest.slice(0, size).map(({ approval }) => approval),
    nextToken: last === undefined || rest.length <= size ? "" : tokenOf(last.place),
  };
}

/**
 * Returns the questions of one work. Includes the open ones of its tasks in inboxes and, if requested, the questions of
 * its children.
 */
async function ofWork(
  dependencies: Pick<LookupDependencies, "archive">,
  questions: Questions,
  filter: ApprovalFilter,
  context: CallContext,
): Promise<readonly Approval[]> {
  const { workId, withChildren } = filter;
  const onlyOpen = isOnlyOpen(filter);
  const roots = workKinds.map((kind) => `${kind}/${workId}`);
  const statuses = onlyOpen ? liveStatuses : [];
  const { names: family, children } = withChildren
    ? await familyOf(dependencies, questions, { parents: roots, statuses }, context)
    : { names: roots, children: [] };
  const tasks =
    questions.kind === "run" && (onlyOpen || withChildren)
      ? await inboxRunsOf(dependencies, questions, { family, filter }, context)
      : [];
  const needed = labelsOfQuestions(questions, filter);
  const mayAsk = children.filter(({ labels }) => needed.every((name) => labels[name] !== undefined));
  const others = [...mayAsk, ...tasks];
  const own = questions.ofOwn(workId, context);
  if (others.length === 0) return own;
  return (await Promise.all([unlessUnreadable(own), ofWorks(questions, others, context)])).flat();
}

/** The id of a work does not tell its kind. */
const workKinds = ["run", "mission", "session"];

/** Returns the runs of the tasks of these works in inboxes. */
async function inboxRunsOf(
  dependencies: Pick<LookupDependencies, "archive">,
  questions: Questions,
  { family, filter }: { readonly family: readonly string[]; readonly filter: ApprovalFilter },
  context: CallContext,
): Promise<readonly IndexEntry[]> {
  const ofFamily = { kind: "equals", name: inboxLabels.work, values: family.map(cut) } as const;
  const mayLag = filter.withChildren;
  const runs = await worksWithQuestions(dependencies, questions, filter, context, mayLag, [ofFamily]);
  return [...runs.values()].filter((entry) => inboxTaskOf(entry) !== undefined);
}

function isOnlyOpen({ verdicts }: ApprovalFilter): boolean {
  return verdicts.every((verdict) => verdict === Verdict.VERDICT_UNSPECIFIED);
}

/** Returns the labels of each work with a matching question. Other work is not read. */
function labelsOfQuestions(
  { person, answered }: Pick<Questions, "person" | "answered">,
  filter: ApprovalFilter,
): readonly string[] {
  return [...(isOnlyOpen(filter) ? [person] : []), ...(filter.decidedByMe ? [answered] : [])];
}

/** Returns work that may have matching questions. The number of events of an entry shows a change. */
export async function worksWithQuestions(
  { archive }: Pick<LookupDependencies, "archive">,
  questions: Pick<Questions, "kind" | "person" | "answered">,
  filter: ApprovalFilter,
  { namespace }: CallContext,
  mayLag = false,
  of: readonly LabelCondition[] = [],
): Promise<ReadonlyMap<string, IndexEntry>> {
  const { workId } = filter;
  const onlyOpen = isOnlyOpen(filter);
  const exist = labelsOfQuestions(questions, filter).map((name) => ({ kind: "exists", name }) as const);
  const works = new Map<string, IndexEntry>();
  let cursor = "";
  do {
    const page = await archive.search({
      ...everything,
      namespace,
      kinds: [questions.kind],
      labels: [...of, ...exist],
      cursor,
      mayLag,
      limit: pageMax,
      order: onlyOpen ? "started-ascending" : "started-descending",
    });
    for (const entry of page.entries)
      if (workId === "" || of.length > 0 || entry.key.id === workId) works.set(entry.key.id, entry);
    ({ cursor } = page);
  } while (cursor !== "" && works.size < worksMax);
  return works;
}

/** Returns all questions of these works, in any process. */
export async function ofWorks(
  questions: Pick<Questions, "ofAny">,
  works: readonly IndexEntry[],
  context: CallContext,
): Promise<Approval[]> {
  const all: Approval[] = [];
  for (let from = 0; from < works.length; from += concurrentMax) {
    const reads = works.slice(from, from + concurrentMax).map(async (entry) => {
      const inboxTask = inboxTaskOf(entry);
      const approvals = await allQuestionsOf(questions, entry.key.id, context);
      return inboxTask === undefined ? approvals : approvals.map((approval) => ({ ...approval, inboxTask }));
    });
    for (const approvals of await Promise.all(reads)) all.push(...approvals);
  }
  return all;
}

/** Returns the task whose answer a run is. Undefined for other runs, also if a user set their labels. */
function inboxTaskOf({ key, labels, startedBy }: IndexEntry): InboxTask | undefined {
  const { inbox, capability, work: workLabel, task: taskLabel } = inboxLabels;
  const work = labels[workLabel];
  if (work === undefined || startedBy.length === 0) return undefined;
  const { kind: actor, id: service } = Actor.decode(startedBy);
  if (actor !== ActorKind.ACTOR_KIND_SERVICE || service !== inboxService) return undefined;
  const slash = work.indexOf("/");
  const [kind, id] = [work.slice(0, slash), work.slice(slash + 1)];
  const about = { namespace: key.namespace, kind, id, task: labels[taskLabel] ?? "" };
  return { inbox: labels[inbox] ?? "", capability: labels[capability] ?? "", about };
}

function allQuestionsOf(
  { ofAny }: Pick<Questions, "ofAny">,
  workId: string,
  context: CallContext,
): Promise<readonly Approval[]> {
  const filter = ApprovalFilter.fromPartial({ workId, verdicts: [...everyVerdict] });
  return unlessUnreadable(ofAny({ filter, size: pageMax }, context));
}

/** Resolves with no questions if the work does not exist, or is quarantined: then no caller can decide them. */
async function unlessUnreadable(questions: Promise<readonly Approval[]>): Promise<readonly Approval[]> {
  try {
    return await questions;
  } catch (error) {
    const isMissing = isTuttiError(error) && error.status === "NOT_FOUND";
    if (isMissing || runtimeErrors.quarantined.is(error)) return [];
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

export function matchesFilter(
  { verdicts, mine, decidedByMe, text }: ApprovalFilter,
  { verdict, deciders, excluded, decisions, title, message }: Approval,
  context: CallContext,
): boolean {
  const matchesVerdict =
    verdicts.length === 0 ? verdict === Verdict.VERDICT_UNSPECIFIED : verdicts.includes(verdict);
  if (!matchesVerdict) return false;
  if (mine && !mayDecide({ deciders, excluded }, context.principal)) return false;
  if (decidedByMe) {
    const { actor } = causeOf(context);
    const isMine = ({ cause }: ApprovalDecision) =>
      cause?.actor?.kind === actor?.kind && cause?.actor?.id === actor?.id;
    if (!decisions.some(isMine)) return false;
  }
  return `${title}\n${message}`.toLowerCase().includes(text.toLowerCase());
}

/** Whether the deciders of an approval include a caller. */
export function mayDecide(
  { deciders, excluded }: { readonly deciders: readonly string[]; readonly excluded: readonly string[] },
  principal: Principal,
): boolean {
  return !excluded.includes(principal.id) && isAmong(deciders, principal);
}

function isAmong(deciders: readonly string[], principal: Principal): boolean {
  if (deciders.length === 0) return true;
  const names = [principal.id, ...approverNames(principal)];
  return deciders.some((name) => names.includes(name));
}

/**
 * Returns the names, other than its id, by which lists of approvers mean a caller: its roles and groups, and all names
 * with their kind, as in role bindings (`person:ada`, `group:night`).
 */
export function approverNames({ kind, id, roles }: Principal): string[] {
  return [...roles, `${kind}:${id}`, ...roles.flatMap((role) => [`role:${role}`, `group:${role}`])];
}

/** Sorts open ones first, and within both the oldest first. */
function placeOf({ verdict, requestTime, about, approvalId }: Approval): string {
  const isClosed = verdict === Verdict.VERDICT_UNSPECIFIED ? 0 : 1;
  const requestMs = requestTime === undefined ? 0 : Math.floor(fromTimestamp(requestTime));
  return `${isClosed}${String(requestMs).padStart(16, "0")}${about?.id}/${approvalId}`;
}

// The leading letter is the version of the token's form.
const tokenOf = (place: string): string => `a${Buffer.from(place).toString("base64url")}`;

function placeIn(token: string): string {
  if (token === "") return "";
  if (/^a[\w-]+$/.test(token)) return Buffer.from(token.slice(1), "base64url").toString();
  const message = `expected the token of the page before, got ${token}`;
  throw kernelErrors.pageTokenInvalid(undefined, { violations: [{ field: "page.token", message }] });
}
