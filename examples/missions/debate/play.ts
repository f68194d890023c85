/** Two agents argue in rounds with messages, and a judge decides by a vote. */
import type { Participation, Tutti } from "@tutti/sdk/client";

const rounds = 2;

export async function play(tutti: Tutti): Promise<unknown> {
  const mission = await tutti.missions.start({
    id: "debate",
    goal: "Gut strings or steel?",
    roles: [
      { name: "speaker", maxAgents: 2 },
      { name: "judge", maxAgents: 1 },
    ],
    stop: [{ name: "judged", condition: "has(board.verdict)" }],
    output: "board.verdict",
  });
  const gut = await mission.join("gut", { role: "speaker", topics: ["debate"] });
  const steel = await mission.join("steel", { role: "speaker", topics: ["debate"] });
  const judge = await mission.join("judge", { role: "judge", topics: ["debate"] });

  for (let round = 1; round <= rounds; round++) {
    await gut.messages.send({ topic: "debate" }, { round, says: "warm" });
    await steel.messages.send({ topic: "debate" }, { round, says: "loud" });
  }
  const heard = await argumentsFor(judge);
  await mission.votes.open("verdict", {
    question: "Who was better?",
    options: ["gut", "steel"],
    role: "judge",
    context: heard,
  });
  await judge.votes.cast("verdict", "gut", "warm beats loud");
  const { outcome } = await mission.votes.close("verdict");
  await judge.board.put("verdict", { winner: outcome?.winner, after: heard.length });
  return mission.result();
}

async function argumentsFor(judge: Participation): Promise<readonly unknown[]> {
  const heard: unknown[] = [];
  for await (const { sender, body } of judge.messages.list()) heard.push({ sender, body });
  return heard;
}
