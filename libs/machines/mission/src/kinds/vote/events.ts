import { BallotCastV1, VoteClosedV1, VoteOpenedV1 } from "@tutti/contracts/swarm/v1";
import { assert } from "@tutti/kernel";
import { blobsOf } from "@tutti/machine-work";
import { recordContact } from "../../core/board/nodes.ts";
import { voteTimer } from "../../core/state/numbers.ts";
import type { Mission, MissionEvent, OpenVote } from "../../core/state/state.ts";

export const voteOpened: MissionEvent<VoteOpenedV1> = {
  type: "vote_opened",
  version: 1,
  codec: VoteOpenedV1,
  described: true,
  blobs: ({ vote }) => blobsOf(vote?.context),
  evolve(mission, { vote, openMs }, outstanding) {
    if (vote === undefined) return;
    const place = mission.votes.size;
    const dueMs = vote.timeoutMs > 0 ? openMs + vote.timeoutMs : 0;
    // Ballots are kept with the vote, and not in the event.
    const copy = { ...vote, ballots: [...vote.ballots] };
    mission.votes.set(vote.voteId, { vote: copy, dueMs, hasOpenQuestion: false, place });
    mission.openVotes += 1;
    mission.revisions.votes += 1;
    if (dueMs > 0) outstanding.timer(voteTimer(place), dueMs);
  },
};

/** One ballot per agent: a new one replaces it. */
export const ballotCast: MissionEvent<BallotCastV1> = {
  type: "ballot_cast",
  version: 1,
  codec: BallotCastV1,
  evolve(mission, { voteId, ballot, castMs }) {
    const { vote } = voteOf(mission, voteId);
    if (ballot === undefined) return;
    recordContact(mission, ballot.agentId, castMs);
    const at = vote.ballots.findIndex(({ agentId }) => agentId === ballot.agentId);
    if (at < 0) vote.ballots.push(ballot);
    else vote.ballots[at] = ballot;
    mission.revisions.votes += 1;
  },
};

export const voteClosed: MissionEvent<VoteClosedV1> = {
  type: "vote_closed",
  version: 1,
  codec: VoteClosedV1,
  described: true,
  evolve(mission, { voteId, outcome, asking }, outstanding) {
    const open = voteOf(mission, voteId);
    if (open.vote.outcome === undefined) mission.openVotes -= 1;
    open.vote.outcome = outcome;
    open.dueMs = 0;
    open.hasOpenQuestion = asking;
    outstanding.cleared(voteTimer(open.place));
    mission.revisions.votes += 1;
  },
};

function voteOf({ votes }: Mission, id: string): OpenVote {
  const open = votes.get(id);
  assert(open !== undefined, "a vote that something happens to is there", { id });
  return open;
}
