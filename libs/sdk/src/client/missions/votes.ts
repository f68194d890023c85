/** Votes of the agents of a mission. */
import { TieRule, Vote, type VoteOutcome, VoteRule } from "@tutti/contracts/swarm/v1";
import { sleep } from "@tutti/kernel";
import { sdkErrors } from "../../errors.ts";
import {
  amounts,
  either,
  flag,
  labels,
  number,
  type OptionNames,
  oneOf,
  requireKnown,
  text,
  texts,
} from "../../options.ts";
import { payloadOf } from "../payloads.ts";
import { type WatchOptions, watchNames } from "../work/followed.ts";
import { pages } from "../work/paging.ts";
import type { BoardPlace, MissionParts } from "./parts.ts";

const rules = {
  majority: VoteRule.VOTE_RULE_MAJORITY,
  plurality: VoteRule.VOTE_RULE_PLURALITY,
  unanimous: VoteRule.VOTE_RULE_UNANIMOUS,
  twoThirds: VoteRule.VOTE_RULE_TWO_THIRDS,
  ranked: VoteRule.VOTE_RULE_RANKED,
} as const;
const ties = {
  undecided: TieRule.TIE_RULE_UNDECIDED,
  leader: TieRule.TIE_RULE_LEADER,
  first: TieRule.TIE_RULE_FIRST,
  approval: TieRule.TIE_RULE_APPROVAL,
} as const;

export interface VoteOptions {
  readonly question: string;
  /** At least two: names, or names with descriptions. */
  readonly options: readonly string[] | Readonly<Record<string, string>>;
  /** Rule of the decision. Default: more than half of the weight that voted. */
  readonly rule?: keyof typeof rules;
  /** Quorum: share of the voters that must vote, 0 to 1. */
  readonly quorum?: number;
  /** Role whose agents may vote. Default: all participants. */
  readonly role?: string;
  /** Weight of agents' ballots. Default: 1. */
  readonly weights?: Readonly<Record<string, number>>;
  readonly tie?: keyof typeof ties;
  /** Time until the vote closes. Default: until it is closed by hand. */
  readonly timeoutMs?: number;
  /** Whether ballots are hidden until it is closed. */
  readonly secret?: boolean;
  /** Context for the voters. */
  readonly context?: unknown;
}

const voteNames: OptionNames<VoteOptions> = {
  question: text,
  options: either(texts, labels),
  rule: oneOf(rules),
  quorum: number(0, 1),
  role: text,
  weights: amounts,
  tie: oneOf(ties),
  timeoutMs: number(0),
  secret: flag,
  context: true,
};

interface ListOptions {
  readonly openOnly?: boolean;
}

const listNames: OptionNames<ListOptions> = { openOnly: flag };

const pollMs = 100;

export class Votes {
  readonly #board: MissionParts["board"];
  readonly #place: BoardPlace;
  readonly #ports: MissionParts["ports"];

  constructor({ board, ports }: Pick<MissionParts, "board" | "ports">, place: BoardPlace) {
    this.#board = board;
    this.#place = place;
    this.#ports = ports;
  }

  /** Opens a vote. A repeated call returns the same vote. */
  async open(id: string, options: VoteOptions): Promise<Vote> {
    requireKnown("votes.open", options, voteNames);
    const { question, rule = "majority", tie = "undecided", context, weights } = options;
    const names = isList(options.options)
      ? options.options.map((option) => ({ option, description: "" }))
      : Object.entries(options.options).map(([option, description]) => ({ option, description }));
    const vote = Vote.fromPartial({
      voteId: id,
      question,
      options: names,
      rule: rules[rule],
      tie: ties[tie],
      quorum: options.quorum ?? 0,
      role: options.role ?? "",
      weights: { ...weights },
      timeoutMs: options.timeoutMs ?? 0,
      secret: options.secret ?? false,
    });
    vote.context = payloadOf(context, "context");
    return there((await this.#board.openVote({ ...this.#place, vote })).vote, id);
  }

  /** Casts this agent's ballot, or replaces it: one option, or by rank the best first. */
  async cast(id: string, ranking: string | readonly string[], reason = ""): Promise<Vote> {
    const ranked = typeof ranking === "string" ? [ranking] : [...ranking];
    const ballot = { ...this.#place, voteId: id, ranking: ranked, reason };
    return there((await this.#board.castVote(ballot)).vote, id);
  }

  /** Closes a vote, and decides it with the ballots so far. */
  async close(id: string, reason = ""): Promise<Vote> {
    return there((await this.#board.closeVote({ ...this.#place, voteId: id, reason })).vote, id);
  }

  /** Newest first. */
  list(options: ListOptions = {}): AsyncGenerator<Vote, void, void> {
    requireKnown("votes.list", options, listNames);
    const { openOnly = false } = options;
    const { namespace, missionId } = this.#place;
    return pages(async (page) => {
      const reply = await this.#board.listVotes({ namespace, missionId, openOnly, voteIds: [], page });
      return { items: reply.votes, token: reply.page?.nextToken };
    });
  }

  /** Returns the current vote. */
  async get(id: string): Promise<Vote> {
    const { namespace, missionId } = this.#place;
    const request = { namespace, missionId, openOnly: false, voteIds: [id], page: undefined };
    return there((await this.#board.listVotes(request)).votes[0], id);
  }

  /** Waits until the vote is closed, and returns its outcome. */
  async outcome(id: string, options: WatchOptions = {}): Promise<VoteOutcome> {
    requireKnown("votes.outcome", options, watchNames);
    const { signal } = options;
    for (;;) {
      const { outcome } = await this.get(id);
      if (outcome !== undefined) return outcome;
      await sleep(this.#ports.timers, pollMs, signal);
    }
  }
}

function isList(options: VoteOptions["options"]): options is readonly string[] {
  return Array.isArray(options);
}

function there(vote: Vote | undefined, id: string): Vote {
  if (vote === undefined) throw sdkErrors.replyIncomplete({ about: `vote ${id}` });
  return vote;
}
