/** Questions of work to people: of one work from itself, of all by the index. */
import { type Approval, ApprovalFilter, Verdict } from "@tutti/contracts/types/v1";
import type { LabelCondition } from "@tutti/journal";
import { type CallContext, fromTimestamp, isTuttiError, kernelErrors, type Principal } from "@tutti/kernel";
import { everything, sizeOf } from "../machine-calls.ts";
import type { LookupDependencies } from "./lookups.ts";

/** Access to the questions of a kind of work. */
export interface Questions {
  readonly kind: string;
  /** Name of the label of tasks that wait for a person. */
  readonly person: string;
  /** Returns all questions of one work that is owned here, decided or not. */
  ofOwn(id: string, context: CallContext): Promise<readonly Approval[]>;
  /** Returns a limited number of questions of one work in any process, by a call. */
  ofAny(
    request: { readonly filter: ApprovalFilter; readonly size: number },
    context: CallContext,
  ): Promise<readonly Approval[]>;
}

/** Maximum number of works queried for their questions, in total and concurrently. */
const worksMax = 2_000;
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
          [...(await worksWithQuestions(dependencies, questions, filter, context)).keys()],
          context,
        )
      : await questions.ofOwn(filter.workId, context);
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

/** Returns work that may have open questions, with its number of events, so that changes are noticed. */
export async function worksWithQuestions(
  { archive }: Pick<LookupDependencies, "archive">,
  { kind, person }: Pick<Questions, "kind" | "person">,
  { verdicts, workId }: ApprovalFilter,
  { namespace }: CallContext,
  mayLag = false,
): Promise<ReadonlyMap<string, number>> {
  const onlyOpen = verdicts.every((verdict) => verdict === Verdict.VERDICT_UNSPECIFIED);
  const labels: LabelCondition[] = onlyOpen ? [{ kind: "exists", name: person }] : [];
  const works = new Map<string, number>();
  let cursor = "";
  do {
    const page = await archive.search({
      ...everything,
      namespace,
      kinds: [kind],
      labels,
      cursor,
      mayLag,
      limit: pageMax,
      order: onlyOpen ? "started-ascending" : "started-descending",
    });
    for (const { key, events } of page.entries)
      if (workId === "" || key.id === workId) works.set(key.id, events);
    ({ cursor } = page);
  } while (cursor !== "" && works.size < worksMax);
  return works;
}

/** Returns all questions of these works, in any process. */
export async function ofWorks(
  questions: Pick<Questions, "ofAny">,
  ids: readonly string[],
  context: CallContext,
): Promise<Approval[]> {
  const all: Approval[] = [];
  for (let from = 0; from < ids.length; from += concurrentMax) {
    const reads = ids.slice(from, from + concurrentMax).map((id) => allQuestionsOf(questions, id, context));
    for (const approvals of await Promise.all(reads)) all.push(...approvals);
  }
  return all;
}

async function allQuestionsOf(
  { ofAny }: Pick<Questions, "ofAny">,
  workId: string,
  context: CallContext,
): Promise<readonly Approval[]> {
  const filter = ApprovalFilter.fromPartial({ workId, verdicts: [...everyVerdict] });
  try {
    return await ofAny({ filter, size: pageMax }, context);
  } catch (error) {
    // It no longer exists.
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

export function matchesFilter(
  { verdicts, mine, text }: ApprovalFilter,
  { verdict, deciders, excluded, title, message }: Approval,
  { principal }: CallContext,
): boolean {
  const matchesVerdict =
    verdicts.length === 0 ? verdict === Verdict.VERDICT_UNSPECIFIED : verdicts.includes(verdict);
  if (!matchesVerdict) return false;
  if (mine && (excluded.includes(principal.id) || !isAmong(deciders, principal))) return false;
  return `${title}\n${message}`.toLowerCase().includes(text.toLowerCase());
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
