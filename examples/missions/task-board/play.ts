/** Two agents claim tasks from one board. Each task goes to one agent. */
import type { ClaimedTask, Participation, Tutti } from "@tutti/sdk/client";

export async function play(tutti: Tutti): Promise<unknown> {
  const mission = await tutti.missions.start({
    id: "task-board",
    title: "A page for the shop",
    assignment: "claimed",
    tasks: [
      { id: "headline", uses: "text.write", with: { about: "violins" } },
      { id: "picture", uses: "picture.draw", with: { of: "a violin" } },
      { id: "page", uses: "text.write", needs: ["headline", "picture"] },
    ],
  });
  const writer = await mission.join("writer", { offers: ["text.write"] });
  const painter = await mission.join("painter", { offers: ["picture.draw"] });
  const done: string[] = [];
  await Promise.all([workOff(writer, 2, done), workOff(painter, 1, done)]);
  return { done: done.sort(), output: await mission.result() };
}

async function workOff(agent: Participation, count: number, done: string[]): Promise<void> {
  for (let left = count; left > 0; ) {
    for (const task of await agent.claim({ waitMs: 5_000 })) {
      await doIt(agent, task);
      done.push(`${agent.agentId}: ${task.id}`);
      left--;
    }
  }
}

/** Real work takes longer. The agent renews its claim meanwhile, or another agent gets the task. */
async function doIt(agent: Participation, task: ClaimedTask): Promise<void> {
  await task.renew({ progress: 0.5, message: "half way" });
  await task.complete({ by: agent.agentId, of: task.id });
}
