/** An agent that cannot continue hands its task to another agent, with notes. */
import type { Tutti } from "@tutti/sdk/client";

export async function play(tutti: Tutti): Promise<unknown> {
  const mission = await tutti.missions.start({
    id: "handoff",
    assignment: "claimed",
    roles: [{ name: "first-line" }, { name: "expert" }],
    tasks: [{ id: "ticket-17", uses: "support.answer", with: { question: "The bow is gone" } }],
  });
  const first = await mission.join("ann", { role: "first-line", offers: ["support.answer"] });
  const expert = await mission.join("bob", { role: "expert", offers: ["support.answer"] });

  const [ticket] = await first.claim();
  await ticket?.handOff(
    { role: "expert" },
    { context: { tried: ["the shelf"] }, reason: "it needs a luthier" },
  );

  const [taken] = await expert.claim({ waitMs: 5_000 });
  const context = taken?.context;
  await taken?.complete("it is under the chair");
  const [task] = await mission.tasks();
  return {
    context,
    handoffs: task?.handoffs.map(({ fromAgentId, to, reason }) => ({ fromAgentId, to, reason })),
    output: await mission.result(),
  };
}
