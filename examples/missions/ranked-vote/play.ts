/** A ranked vote: the weakest option is eliminated until one option has a majority. */
import type { Tutti } from "@tutti/sdk/client";

const ballots: readonly (readonly [string, readonly string[]])[] = [
  ["a", ["tea", "water", "coffee"]],
  ["b", ["tea", "water", "coffee"]],
  ["c", ["coffee", "water", "tea"]],
  ["d", ["coffee", "water", "tea"]],
  ["e", ["water", "coffee", "tea"]],
];

export async function play(tutti: Tutti): Promise<unknown> {
  const mission = await tutti.missions.start({
    id: "ranked-vote",
    goal: "What do we drink?",
    stop: [{ name: "never", condition: "false" }],
  });
  const agents = new Map(
    await Promise.all(ballots.map(async ([name]) => [name, await mission.join(name)] as const)),
  );
  await mission.votes.open("drink", {
    question: "What do we drink?",
    options: ["tea", "coffee", "water"],
    rule: "ranked",
  });
  for (const [name, ranking] of ballots) await agents.get(name)?.votes.cast("drink", ranking);
  const { outcome } = await mission.votes.close("drink");
  await mission.cancel("we know");
  return { winner: outcome?.winner, weights: outcome?.weights };
}
