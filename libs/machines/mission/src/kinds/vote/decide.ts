/** Decides a vote by its ballots. */
import { QuestionKind, TieRule, type Vote, type VoteOutcome, VoteRule } from "@tutti/contracts/swarm/v1";
import { type ReadOnly, toTimestamp } from "@tutti/kernel";
import { rounded } from "@tutti/machine-work";
import type { MissionEventStep, MissionView } from "../../core/state/state.ts";
import { askQuestion } from "../question/ask.ts";
import { voteClosed } from "./events.ts";

interface Counted {
  readonly outcome: VoteOutcome;
  /** Equally strong options, if a person must decide. */
  readonly tied: readonly string[];
}

interface Electorate {
  /** Number of voters. */
  readonly voters: number;
  readonly leader: string;
  readonly nowMs: number;
}

type VoteView = ReadOnly<Vote>;
type Weights = Map<string, number>;

function countVote(vote: VoteView, electorate: Electorate): Counted {
  const { voters, nowMs } = electorate;
  const cast = vote.ballots.length;
  const needed = Math.max(1, Math.ceil(rounded(vote.quorum * Math.max(voters, cast))));
  const hasQuorum = cast >= needed;
  const { weights, best, isEnough } = vote.rule === VoteRule.VOTE_RULE_RANKED ? runOff(vote) : simple(vote);
  const base = {
    weights: Object.fromEntries(weights),
    quorumReached: hasQuorum,
    closeTime: toTimestamp(nowMs),
  };
  const undecided = (message: string, tie = false): Counted => ({
    outcome: { ...base, winner: "", tie, message },
    tied: [],
  });
  if (!hasQuorum) return undecided(`${cast} of at least ${needed} voted`);
  const [winner = ""] = best;
  if (best.length === 1)
    return isEnough
      ? { outcome: { ...base, winner, tie: false, message: `${winner} by ${ruleName(vote.rule)}` }, tied: [] }
      : undecided(`no option has ${ruleName(vote.rule)}`);
  return breakTie(vote, best, electorate, base);
}

function breakTie(
  { tie, ballots, options }: VoteView,
  best: readonly string[],
  { leader }: Electorate,
  base: Pick<VoteOutcome, "weights" | "quorumReached" | "closeTime">,
): Counted {
  const won = (winner: string, resolution: string): Counted => ({
    outcome: { ...base, winner, tie: true, message: `${best.join(" and ")} were tied, and ${resolution}` },
    tied: [],
  });
  switch (tie) {
    case TieRule.TIE_RULE_FIRST:
      return won(options.find(({ option }) => best.includes(option))?.option ?? "", "the first counts");
    case TieRule.TIE_RULE_LEADER: {
      const ballot = ballots.find(({ agentId }) => agentId === leader && leader !== "");
      const choice = ballot?.ranking.find((option) => best.includes(option));
      return choice === undefined
        ? won("", "the leader did not choose among them")
        : won(choice, "the leader's ballot counts");
    }
    case TieRule.TIE_RULE_APPROVAL:
      return { ...won("", "a person decides"), tied: best };
    default:
      return won("", "nothing decides that");
  }
}

function weightOf({ weights }: VoteView, agent: string): number {
  return weights[agent] ?? 1;
}

interface Tally {
  readonly weights: Weights;
  /** Options with the greatest weight. */
  readonly best: readonly string[];
  /** Whether their weight is enough by the rule. */
  readonly isEnough: boolean;
}

function simple(vote: VoteView): Tally {
  const weights: Weights = new Map(vote.options.map(({ option }) => [option, 0]));
  let total = 0;
  for (const { agentId, ranking } of vote.ballots) {
    const weight = weightOf(vote, agentId);
    const [choice = ""] = ranking;
    weights.set(choice, rounded((weights.get(choice) ?? 0) + weight));
    total = rounded(total + weight);
  }
  const most = Math.max(...weights.values());
  const best = [...weights].filter(([, weight]) => weight === most).map(([option]) => option);
  return { weights, best, isEnough: total > 0 && isEnough(vote.rule, most, total) };
}

function isEnough(rule: VoteRule, most: number, total: number): boolean {
  switch (rule) {
    case VoteRule.VOTE_RULE_PLURALITY:
      return true;
    case VoteRule.VOTE_RULE_UNANIMOUS:
      return most === total;
    case VoteRule.VOTE_RULE_TWO_THIRDS:
      return rounded(most * 3) >= rounded(total * 2);
    default:
      return most * 2 > total;
  }
}

/**
 * The weakest option is dropped and its ballots go to their next choice, until one option has more than half.
 * Of equally weak options, the last is dropped.
 */
function runOff(vote: VoteView): Tally {
  const remaining = new Set(vote.options.map(({ option }) => option));
  for (;;) {
    const weights: Weights = new Map([...remaining].map((option) => [option, 0]));
    let total = 0;
    for (const { agentId, ranking } of vote.ballots) {
      const choice = ranking.find((option) => remaining.has(option));
      if (choice === undefined) continue;
      const weight = weightOf(vote, agentId);
      weights.set(choice, rounded((weights.get(choice) ?? 0) + weight));
      total = rounded(total + weight);
    }
    const most = Math.max(...weights.values());
    const best = [...weights].filter(([, weight]) => weight === most).map(([option]) => option);
    if ((total > 0 && most * 2 > total) || best.length === remaining.size)
      return { weights, best, isEnough: total > 0 };
    const least = Math.min(...weights.values());
    remaining.delete([...weights].filter(([, weight]) => weight === least).at(-1)?.[0] ?? "");
  }
}

function ruleName(rule: VoteRule): string {
  switch (rule) {
    case VoteRule.VOTE_RULE_PLURALITY:
      return "the greatest weight";
    case VoteRule.VOTE_RULE_UNANIMOUS:
      return "the weight of all that voted";
    case VoteRule.VOTE_RULE_TWO_THIRDS:
      return "two thirds of the weight that voted";
    case VoteRule.VOTE_RULE_RANKED:
      return "more than half of the weight in the last round";
    default:
      return "more than half of the weight that voted";
  }
}

export function close(mission: MissionView, step: MissionEventStep, voteId: string): void {
  const open = mission.votes.get(voteId);
  if (open === undefined || open.vote.outcome !== undefined) return;
  const { role, question } = open.vote;
  const voters = role === "" ? mission.participants.size : (mission.roleCounts.get(role) ?? 0);
  const { outcome, tied } = countVote(open.vote, { voters, leader: mission.leader, nowMs: step.nowMs });
  step.emit(voteClosed, { voteId, outcome, asking: tied.length > 0 });
  if (tied.length === 0) return;
  askQuestion(mission, step, {
    kind: QuestionKind.QUESTION_KIND_TIE,
    subject: voteId,
    title: `Which of ${tied.join(" and ")} is it?`,
    message: question,
    form: {
      type: "object",
      properties: { winner: { type: "string", enum: [...tied] } },
      required: ["winner"],
    },
  });
}
