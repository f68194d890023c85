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
export function seatFor(node: NodeView, decider: string, roles: ReadOnly<string[]>): string | Refusal {
  const { by, needed } = termsOf(node);
  const question = node.more?.question;
  const seat =
    question === undefined ? decider : amongOf(question.delegations, { by, needed }, decider, roles);
  if (isRefusal(seat) || question === undefined) return seat;
  if (question.rule !== undefined && decider === node.agent && !by.includes(decider))
    return runErrors.approvalOwn.refusal({ person: decider });
  if (question.excluded !== "" && decider === question.excluded)
    return runErrors.approvalExcluded.refusal({ person: decider });
  const claimed = question.claim?.person ?? decider;
  if (claimed !== decider)
    return runErrors.approvalClaimed.refusal({ id: question.approvalId, person: claimed });
  return seat;
}

interface Terms {
  readonly by: ReadOnly<string[]>;
  readonly needed: number;
}

function amongOf(
  delegations: Delegations,
  { by, needed }: Terms,
  decider: string,
  roles: ReadOnly<string[]>,
): string | Refusal {
  const isNamed = (list: ReadOnly<string[]>) => list.some((name) => name === decider || roles.includes(name));
  const delegatedAt = delegations.findLastIndex(({ person }) => person === decider);
  if (delegatedAt > delegations.findLastIndex(({ people }) => people.includes(decider)))
    return runErrors.approvalDelegated.refusal({
      person: decider,
      people: delegations[delegatedAt]?.people.join(", ") ?? "",
    });
  const last = delegations.at(-1);
  const deciders = needed === 1 && last !== undefined ? last.people : by;
  if (deciders.length === 0 || isNamed(deciders)) return decider;
  const seat = needed === 1 ? undefined : delegations.findLast(({ people }) => isNamed(people))?.seat;
  return seat ?? runErrors.approvalNotAmong.refusal({ person: decider, by: deciders.join(", ") });
}

/** Returns the people that are shown as deciders. */
export function decidersOf(node: NodeView): string[] {
  const { by, needed } = termsOf(node);
  const delegations = node.more?.question?.delegations ?? [];
  const last = delegations.at(-1);
  if (last === undefined) return [...by];
  if (needed === 1) return [...last.people];
  if (by.length === 0) return [];
  const delegators = new Set(delegatorsOf(delegations));
  return [...new Set([...by, ...delegations.flatMap(({ people }) => people)])].filter(
    (name) => !delegators.has(name),
  );
}

/** Returns the people that may not decide: the excluded one, and those who gave their answer away. */
export function excludedFrom(node: NodeView): string[] {
  const { excluded = "", delegations = [] } = node.more?.question ?? {};
  return [...(excluded === "" ? [] : [excluded]), ...delegatorsOf(delegations)];
}

function delegatorsOf(delegations: Delegations): string[] {
  return [...new Set(delegations.map(({ person }) => person))].filter(
    (delegator) =>
      delegations.findLastIndex(({ person }) => person === delegator) >
      delegations.findLastIndex(({ people }) => people.includes(delegator)),
  );
}

/** Returns why a person may not give a seat to these people. */
export function delegationRefusal(
  node: NodeView,
  {
    decider,
    seat,
    people,
  }: { readonly decider: string; readonly seat: string; readonly people: ReadOnly<string[]> },
): Refusal | undefined {
  const question = node.more?.question;
  if (question === undefined) return undefined;
  const { by, needed } = termsOf(node);
  const invalid = (problem: string) => runErrors.delegationInvalid.refusal({ problem });
  if (question.rule !== undefined) return invalid("The approvers of an admission rule do not delegate.");
  if (people.length === 0 || people.includes(decider)) return invalid("`people`: expected other people.");
  if (people.includes(question.excluded) && question.excluded !== "")
    return runErrors.approvalExcluded.refusal({ person: question.excluded });
  if (question.delegations.length >= delegationsMax)
    return invalid(`A question is delegated at most ${delegationsMax} times.`);
  const answered = question.decisions.map(({ cause }) => cause?.actor?.id ?? "");
  if (answered.includes(decider)) return invalid(`${decider} has answered already.`);
  if (needed === 1) return undefined;
  const seated = [...by, ...answered, ...question.delegations.flatMap((each) => each.people)];
  const duplicate = people.find((name) => name !== seat && seated.includes(name));
  return duplicate === undefined
    ? undefined
    : invalid(`${duplicate} is already an approver, and each approver counts once.`);
}
