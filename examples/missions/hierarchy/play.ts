/** Agents elect a leader. When the leader leaves or goes silent, they elect another one. */
import type { Tutti } from "@tutti/sdk/client";

export async function play(tutti: Tutti): Promise<unknown> {
  const mission = await tutti.missions.start({
    id: "hierarchy",
    assignment: "claimed",
    leader: { role: "chief" },
    roles: [{ name: "chief" }, { name: "worker" }],
    tasks: [{ id: "plan", uses: "work.plan" }],
  });
  const first = await mission.join("ada", { role: "chief", offers: ["work.plan"] });
  const second = await mission.join("eve", { role: "chief", offers: ["work.plan"] });
  const hand = await mission.join("kim", { role: "worker", offers: ["work.do"] });
  const leaders = [(await mission.get()).leader];

  const [plan] = await first.claim({ tasks: ["plan"] });
  await first.addTasks([{ id: "dig", uses: "work.do" }], { parent: "plan" });
  await plan?.release("the chief has to go");
  await first.leave("it is called away");
  leaders.push((await mission.get()).leader);

  const [dug] = await hand.claim({ waitMs: 5_000 });
  await dug?.complete("a hole");
  const [again] = await second.claim({ tasks: ["plan"], waitMs: 5_000 });
  await again?.complete("done");
  await mission.result();
  return { leaders };
}
