/**
 * Votes: opened, cast, closed.
 *
 * 1. An agent has one ballot: a new one replaces it while the vote is open.
 * 2. A vote is decided once, when it is closed, by its ballots.
 */
import {
  CastVoteReply,
  CastVoteRequest,
  CloseVoteReply,
  CloseVoteRequest,
  OpenVoteReply,
  OpenVoteRequest,
  Vote,
  VoteRule,
} from "@tutti/contracts/swarm/v1";
import { type ReadOnly, type Refusal, toTimestamp } from "@tutti/kernel";
import { causeOf, reasonOf } from "@tutti/machine-work";
import { votesMax } from "../../core/state/limits.ts";
import { type MissionCommand, type MissionView, specOf } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { close } from "../../kinds/vote/decide.ts";
import { ballotCast, voteOpened } from "../../kinds/vote/events.ts";
import { voteMessage } from "../queries/votes.ts";
import { boardCommand } from "../step.ts";

export const openVote: MissionCommand<OpenVoteRequest, OpenVoteReply> = boardCommand({
  type: "open_vote",
  codec: OpenVoteRequest,
  reply: OpenVoteReply,
  decide(mission, { vote }, step) {
    const problem = vote === undefined ? "expected a vote" : voteProblem(mission, vote);
    if (problem !== undefined || vote === undefined)
      return missionErrors.voteInvalid.refusal({ problem: problem ?? "" });
    const before = mission.votes.get(vote.voteId);
    if (before !== undefined) {
      if (questionOf(before.vote) !== questionOf(vote))
        return missionErrors.voteExists.refusal({ vote: vote.voteId });
      return { vote: voteMessage(before.vote) };
    }
    if (mission.votes.size >= votesMax)
      return missionErrors.tooLarge.refusal({ items: "votes", found: mission.votes.size + 1, max: votesMax });
    const opened = {
      ...vote,
      ballots: [],
      outcome: undefined,
      openCause: causeOf(step),
      openTime: toTimestamp(step.nowMs),
    };
    step.emit(voteOpened, { vote: opened, openMs: step.nowMs });
    return { vote: voteMessage(mission.votes.get(vote.voteId)?.vote ?? opened) };
  },
});

/** Returns the vote as requested, without its outcome. */
function questionOf(vote: ReadOnly<Vote>): string {
  const bare = {
    ...(vote as Vote),
    ballots: [],
    outcome: undefined,
    openCause: undefined,
    openTime: undefined,
  };
  return JSON.stringify(Vote.toJSON(bare));
}

function voteProblem(
  mission: MissionView,
  { voteId, options, weights, role, quorum }: Vote,
): string | undefined {
  if (voteId === "") return "expected an id, got none";
  const names = new Set(options.map(({ option }) => option));
  if (options.length < 2 || names.size < options.length || names.has(""))
    return `expected at least two options of different names, got ${options.map(({ option }) => option).join(", ") || "none"}`;
  const bad = Object.entries(weights).find(([, weight]) => !(Number.isFinite(weight) && weight >= 0));
  if (bad !== undefined) return `expected a weight of 0 or more for ${bad[0]}, got ${bad[1]}`;
  if (!(quorum >= 0 && quorum <= 1)) return `expected a quorum from 0 to 1, got ${quorum}`;
  if (role !== "" && !specOf(mission).roles.some(({ name }) => name === role))
    return `expected a role of the mission, got ${role}`;
  return undefined;
}

export const castVote: MissionCommand<CastVoteRequest, CastVoteReply> = boardCommand({
  type: "cast_vote",
  codec: CastVoteRequest,
  reply: CastVoteReply,
  decide(mission, { agentId, voteId, ranking, reason }, step) {
    const open = mission.votes.get(voteId);
    if (open === undefined) return missionErrors.voteMissing.refusal({ vote: voteId });
    if (open.vote.outcome !== undefined) return missionErrors.voteClosed.refusal({ vote: voteId });
    const refusal = voterProblem(mission, open.vote, agentId) ?? ballotProblem(open.vote, ranking);
    if (refusal !== undefined) return refusal;
    const ballot = { agentId, ranking, reason: reasonOf(reason), castTime: toTimestamp(step.nowMs) };
    const before = open.vote.ballots.find((each) => each.agentId === agentId);
    const isSame = before?.reason === ballot.reason && before.ranking.join() === ranking.join();
    if (!isSame) step.emit(ballotCast, { voteId, ballot, castMs: step.nowMs });
    return { vote: voteMessage(open.vote) };
  },
});

function voterProblem(mission: MissionView, { role }: ReadOnly<Vote>, agent: string): Refusal | undefined {
  if (agent === "") return missionErrors.notTakingPart.refusal({ id: mission.key.id, agent });
  if (role === "" || mission.participants.get(agent)?.role === role) return undefined;
  return missionErrors.notAVoter.refusal({ agent, role });
}

function ballotProblem({ options, rule }: ReadOnly<Vote>, ranking: readonly string[]): Refusal | undefined {
  const refuse = (problem: string) => missionErrors.ballotInvalid.refusal({ problem });
  if (ranking.length === 0) return refuse("expected an option, got none");
  if (rule !== VoteRule.VOTE_RULE_RANKED && ranking.length > 1)
    return refuse(`expected one option, got ${ranking.length}`);
  if (new Set(ranking).size < ranking.length) return refuse("expected each option once, got one twice");
  const unknown = ranking.find((each) => !options.some(({ option }) => option === each));
  return unknown === undefined ? undefined : refuse(`expected options of the vote, got ${unknown}`);
}

export const closeVote: MissionCommand<CloseVoteRequest, CloseVoteReply> = boardCommand({
  type: "close_vote",
  codec: CloseVoteRequest,
  reply: CloseVoteReply,
  decide(mission, { voteId }, step) {
    const open = mission.votes.get(voteId);
    if (open === undefined) return missionErrors.voteMissing.refusal({ vote: voteId });
    if (open.vote.outcome === undefined) close(mission, step, voteId);
    return { vote: voteMessage(open.vote) };
  },
});
