/**
 * Deciders of a question, also after delegations.
 *
 * 1. A question that one person decides belongs to the people of the last delegation.
 * 2. Of a question that several decide, a delegation gives away one answer: the seat of a decider. Its people
 *    answer for that seat, and all their answers count once.
 * 3. A person has one seat. So people who answer for themselves, or for another seat, get no second one.
 * 4. A person who gave an answer away does not decide, except if it is given back. The excluded person never
 *    decides.
 */
import type { RunQuestion } from "@tutti/contracts/workflow/v1";
import { isRefusal, type ReadOnly, type Refusal } from "@tutti/kernel";
import type { NodeView } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";

type Delegations = ReadOnly<RunQuestion["delegations"]>;

const delegationsMax = 100;

/** Allowed deciders, required approvals, and the form of their data. Questions of a check have none of these. */
export function termsOf({ range, task, more }: NodeView) {
  const rule = more?.question?.rule;
  if (rule !== undefined)
    return { by: rule.deciders, needed: Math.max(1, rule.approvalsNeeded), form: null, claimMs: 0 };
  const work = range.plan.work(range.plan.task(task));
  if (work.kind !== "approve") return { by: [], needed: 1, form: null, claimMs: 0 };
  const { by, needed, form, claimMs = 0 } = work;
  return { by, needed, form, claimMs };
}

/** Returns the seat that a person answers for, or the reason why the person does not decide. */
export function seatOf(node: NodeView, who: string, roles: ReadOnly<string[]>): string | Refusal {
  const { by, needed } = termsOf(node);
  const question = node.more?.question;
  const seat = question === undefined ? who : amongOf(question.delegations, { by, needed }, who, roles);
  if (isRefusal(seat) || question === undefined) return seat;
  if (question.rule !== undefined && who === node.agent && !by.includes(who))
    return runErrors.approvalOwn.refusal({ who });
  if (question.excluded !== "" && who === question.excluded)
    return runErrors.approvalExcluded.refusal({ who });
  const claimed = question.claim?.person ?? who;
  if (claimed !== who) return runErrors.approvalClaimed.refusal({ id: question.approvalId, who: claimed });
  return seat;
}

interface Terms {
  readonly by: ReadOnly<string[]>;
  readonly needed: number;
}

function amongOf(
  delegations: Delegations,
  { by, needed }: Terms,
  who: string,
  roles: ReadOnly<string[]>,
): string | Refusal {
  const isNamed = (list: ReadOnly<string[]>) => list.some((name) => name === who || roles.includes(name));
  const given = delegations.findLastIndex(({ person }) => person === who);
  if (given > delegations.findLastIndex(({ people }) => people.includes(who)))
    return runErrors.approvalDelegated.refusal({ who, people: delegations[given]?.people.join(", ") ?? "" });
  const last = delegations.at(-1);
  const deciders = needed === 1 && last !== undefined ? last.people : by;
  if (deciders.length === 0 || isNamed(deciders)) return who;
  const seat = needed === 1 ? undefined : delegations.findLast(({ people }) => isNamed(people))?.seat;
  return seat ?? runErrors.approvalNotAmong.refusal({ who, by: deciders.join(", ") });
}

/** Returns the people that are shown as deciders. */
export function decidersOf(node: NodeView): string[] {
  const { by, needed } = termsOf(node);
  const delegations = node.more?.question?.delegations ?? [];
  const last = delegations.at(-1);
  if (last === undefined) return [...by];
  if (needed === 1) return [...last.people];
  if (by.length === 0) return [];
  const gone = new Set(goneFrom(delegations));
  return [...new Set([...by, ...delegations.flatMap(({ people }) => people)])].filter(
    (name) => !gone.has(name),
  );
}

/** Returns the people that may not decide: the excluded one, and those who gave their answer away. */
export function outOf(node: NodeView): string[] {
  const { excluded = "", delegations = [] } = node.more?.question ?? {};
  return [...(excluded === "" ? [] : [excluded]), ...goneFrom(delegations)];
}

function goneFrom(delegations: Delegations): string[] {
  return [...new Set(delegations.map(({ person }) => person))].filter(
    (who) =>
      delegations.findLastIndex(({ person }) => person === who) >
      delegations.findLastIndex(({ people }) => people.includes(who)),
  );
}

/** Returns why a person may not give a seat to these people. */
export function delegationRefusal(
  node: NodeView,
  { who, seat, people }: { readonly who: string; readonly seat: string; readonly people: ReadOnly<string[]> },
): Refusal | undefined {
  const question = node.more?.question;
  if (question === undefined) return undefined;
  const { by, needed } = termsOf(node);
  const invalid = (problem: string) => runErrors.delegationInvalid.refusal({ problem });
  if (question.rule !== undefined) return invalid("The approvers of an admission rule do not delegate.");
  if (people.length === 0 || people.includes(who)) return invalid("`people`: expected other people.");
  if (people.includes(question.excluded) && question.excluded !== "")
    return runErrors.approvalExcluded.refusal({ who: question.excluded });
  if (question.delegations.length >= delegationsMax)
    return invalid(`A question is delegated at most ${delegationsMax} times.`);
  const answered = question.decisions.map(({ cause }) => cause?.actor?.id ?? "");
  if (answered.includes(who)) return invalid(`${who} has answered already.`);
  if (needed === 1) return undefined;
  const seated = [...by, ...answered, ...question.delegations.flatMap((each) => each.people)];
  const twice = people.find((name) => name !== seat && seated.includes(name));
  return twice === undefined ? undefined : invalid(`${twice} answers already, and counts once.`);
}
