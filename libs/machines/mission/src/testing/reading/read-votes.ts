/** Who chose what: one ballot of each agent, and a count of those there are when a vote is closed. */
import type { Find, ReadEvent } from "./read-event.ts";

interface Asked {
  // biome-ignore lint/suspicious/noExplicitAny: a vote as it was asked
  readonly vote: any;
  readonly openMs: number;
  readonly ballots: Map<string, readonly string[]>;
  winner: string | undefined;
}

const ranked = 5;

export class ReadVotes {
  readonly asked = new Map<string, Asked>();
  readonly #find: Find;

  constructor(find: Find) {
    this.#find = find;
  }

  opened({ body: { vote, openMs } }: ReadEvent): void {
    if (this.asked.has(vote.voteId)) this.#find(`the vote ${vote.voteId} is opened twice`);
    this.asked.set(vote.voteId, { vote, openMs, ballots: new Map(), winner: undefined });
  }

  cast({ body: { voteId, ballot }, command }: ReadEvent): void {
    const vote = this.asked.get(voteId);
    const { agentId, ranking } = ballot;
    const isTheirs =
      command?.type === "cast_vote" &&
      command.body.voteId === voteId &&
      command.body.agentId === agentId &&
      command.body.ranking.join() === ranking.join();
    if (!isTheirs) this.#find(`a ballot of ${agentId} in ${voteId} was not cast by it`);
    if (vote === undefined || vote.winner !== undefined)
      this.#find(`a ballot in ${voteId}, which is not open`);
    vote?.ballots.set(agentId, ranking);
  }

  closed({ body: { voteId, outcome, asking }, timeMs, command }: ReadEvent): void {
    const asked = this.asked.get(voteId);
    if (asked === undefined || outcome === undefined) {
      this.#find(`the vote ${voteId} is closed and was not opened`);
      return;
    }
    const { vote, openMs } = asked;
    // A tie that a person decides closes it again.
    if (asked.winner !== undefined && command?.type !== "decide_mission_question")
      this.#find(`the vote ${voteId} is closed twice`);
    if (command === undefined && !(vote.timeoutMs > 0 && timeMs >= openMs + vote.timeoutMs))
      this.#find(`the vote ${voteId} is closed by itself before its time`);
    this.#compare(asked, outcome, asking);
    asked.winner = outcome.winner;
  }

  // biome-ignore lint/suspicious/noExplicitAny: an outcome as it was told
  #compare({ vote, ballots, winner: before }: Asked, outcome: any, asking: boolean): void {
    if (before !== undefined) return;
    const { voteId, rule, options, weights } = vote;
    const weighed = new Map<string, number>(options.map(({ option }: { option: string }) => [option, 0]));
    let all = 0;
    for (const [agent, [choice = ""]] of ballots) {
      const weight = weights[agent] ?? 1;
      weighed.set(choice, (weighed.get(choice) ?? 0) + weight);
      all += weight;
    }
    const told = Object.values(outcome.weights as Record<string, number>).reduce(
      (sum, each) => sum + each,
      0,
    );
    if (told > all + 1e-6) this.#find(`${voteId} has ballots of ${told} in all, and ${all} were cast`);
    if (rule === ranked) return;
    for (const [option, weight] of weighed)
      if (Math.abs((outcome.weights[option] ?? 0) - weight) > 1e-6)
        this.#find(`${option} has ${outcome.weights[option]} in ${voteId}, and ${weight} were cast for it`);
    const most = Math.max(...weighed.values());
    const best = options.filter(({ option }: { option: string }) => weighed.get(option) === most);
    const isWon = best.length === 1 && all > 0 && isEnough(rule, most / all);
    const { winner, quorumReached, tie } = outcome;
    const expected = quorumReached && isWon ? best[0].option : "";
    if (!tie && !asking && winner !== expected)
      this.#find(`${winner || "nobody"} has won ${voteId}, expected ${expected || "nobody"}`);
  }
}

function isEnough(rule: number, share: number): boolean {
  if (rule === 2) return true;
  if (rule === 3) return share >= 1 - 1e-9;
  return rule === 4 ? share >= 2 / 3 - 1e-6 : share > 0.5;
}
