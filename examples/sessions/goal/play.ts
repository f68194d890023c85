/** A goal instead of tasks: an agent plans the tasks. */
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";

interface Asked {
  readonly goal: string;
  readonly input: { readonly rooms: readonly string[] };
}

export function handle(worker: Worker): void {
  // A planner with fixed rules: air each room, then sweep all rooms. Call a model here instead.
  worker.handle("tutti.plan", ({ goal, input: { rooms } }: Asked) => {
    if (!goal.startsWith("clean")) return [{ id: "lost", capability: "house.nothing" }];
    const aired = rooms.map((room) => ({ id: room, capability: "house.air", input: { room } }));
    const needs = rooms.map((task) => ({ task }));
    const swept = rooms.map((room) => `\${{ tasks.${room}.output }}`);
    return {
      tasks: [...aired, { id: "sweep", capability: "house.sweep", needs, input: { swept } }],
      output: "tasks.sweep.output",
    };
  });
  worker.handle("house.air", ({ room }: { readonly room: string }) => `${room} aired`);
  worker.handle("house.sweep", ({ swept }: { readonly swept: readonly string[] }) => ({
    done: swept.map((room) => `${room} and swept`),
  }));
}

export async function play(tutti: Tutti): Promise<unknown> {
  const input = { rooms: ["hall", "stage"] };
  const reached = "size(output.done) == size(input.rooms)";
  const session = await tutti.run({ goal: { description: "clean the house", reached }, input });
  const result = await session.result();
  const lost = await tutti.run({ goal: "sell the house", input });
  const problem = await lost.result().catch((thrown: Error) => thrown.message);
  const refused = await tutti
    .run({ goal: { description: "clean the house", planner: "house.oracle" } })
    .catch((thrown: { readonly code?: string }) => thrown.code);
  return { result, namesTask: String(problem).includes("task `lost`"), refused };
}
