import type { Vote } from "@tutti/contracts/swarm/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import type { Mission } from "../../core/state/state.ts";

/** Returns a vote without its ballots if it is secret and open. */
export function voteShown(vote: ReadOnly<Vote>): Vote {
  const shown = vote as Vote;
  const isHidden = shown.secret && shown.outcome === undefined;
  const hidden = shown.ballots.map(({ agentId, castTime }) => ({
    agentId,
    castTime,
    ranking: [],
    reason: "",
  }));
  return { ...shown, ballots: isHidden ? hidden : [...shown.ballots] };
}

export interface VotesWanted {
  readonly openOnly: boolean;
  /** Empty means any. */
  readonly voteIds: readonly string[];
  /** Number of votes to skip. */
  readonly from: number;
  readonly size: number;
}

/** Returns the newest first. */
export const showVotes: Query<
  Mission,
  VotesWanted,
  { readonly votes: readonly Vote[]; readonly isMore: boolean }
> = {
  type: "votes",
  answer({ votes }, { openOnly, voteIds, from, size }) {
    const found = [...votes.values()].filter(
      ({ vote }) =>
        (!openOnly || vote.outcome === undefined) && (voteIds.length === 0 || voteIds.includes(vote.voteId)),
    );
    const shown = found.reverse().slice(from, from + size);
    return { votes: shown.map(({ vote }) => voteShown(vote)), isMore: found.length > from + size };
  },
};
