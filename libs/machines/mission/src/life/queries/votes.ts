import type { Vote } from "@tutti/contracts/swarm/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import type { Mission } from "../../core/state/state.ts";

/** Returns a vote without its ballots if it is secret and open. */
export function voteMessage(vote: ReadOnly<Vote>): Vote {
  const message = vote as Vote;
  const isHidden = message.secret && message.outcome === undefined;
  const hidden = message.ballots.map(({ agentId, castTime }) => ({
    agentId,
    castTime,
    ranking: [],
    reason: "",
  }));
  return { ...message, ballots: isHidden ? hidden : [...message.ballots] };
}

export interface ShowVotesOptions {
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
  ShowVotesOptions,
  { readonly votes: readonly Vote[]; readonly isMore: boolean }
> = {
  type: "votes",
  answer({ votes }, { openOnly, voteIds, from, size }) {
    const found = [...votes.values()].filter(
      ({ vote }) =>
        (!openOnly || vote.outcome === undefined) && (voteIds.length === 0 || voteIds.includes(vote.voteId)),
    );
    const page = found.reverse().slice(from, from + size);
    return { votes: page.map(({ vote }) => voteMessage(vote)), isMore: found.length > from + size };
  },
};
