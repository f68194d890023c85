/** Agents vote by majority, by a quorum that is missed, and by weight. */
import type { Participation, Tutti } from "@tutti/sdk/client";

export async function play(tutti: Tutti): Promise<unknown> {
  const mission = await tutti.missions.start({ id: "vote", goal: "Choose a colour", stop: [never] });
  const agents: Participation[] = [];
  for (const name of ["ann", "bob", "cleo"]) agents.push(await mission.join(name));
  const [ann, bob, cleo] = agents;
  const question = "Which colour?";
  const options = ["red", "blue"];

  await mission.votes.open("majority", { question, options });
  for (const agent of agents) await agent.votes.cast("majority", agent === bob ? "blue" : "red");
  const majority = await mission.votes.close("majority");

  await mission.votes.open("quorum", { question, options, quorum: 0.9 });
  await ann?.votes.cast("quorum", "red");
  const quorum = await mission.votes.close("quorum");

  await mission.votes.open("weighted", { question, options, weights: { bob: 5 } });
  // Only the last ballot of an agent counts.
  await cleo?.votes.cast("weighted", "blue");
  for (const agent of agents) await agent.votes.cast("weighted", agent === bob ? "blue" : "red");
  const weighted = await mission.votes.close("weighted");

  await mission.cancel("chosen");
  return {
    majority: majority.outcome?.winner,
    quorum: { winner: quorum.outcome?.winner, reached: quorum.outcome?.quorumReached },
    weighted: { winner: weighted.outcome?.winner, weights: weighted.outcome?.weights },
  };
}

const never = { name: "never", condition: "false" };
