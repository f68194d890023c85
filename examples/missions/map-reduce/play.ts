/** One agent splits the work, all agents map the parts, and one reduces the results. */
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";

const parts = ["row row row", "your boat", "row on"];

export function handle(worker: Worker): void {
  worker.handle("words.count", ({ text }: { readonly text: string }) => text.split(/\s+/).length);
  worker.handle("words.add", ({ counts }: { readonly counts: readonly number[] }) =>
    counts.reduce((sum, count) => sum + count, 0),
  );
}

export async function play(tutti: Tutti): Promise<unknown> {
  const names = parts.map((_, number) => `part-${number}`);
  const mission = await tutti.missions.start({
    id: "map-reduce",
    tasks: [
      ...parts.map((text, number) => ({ id: names[number] ?? "", uses: "words.count", with: { text } })),
      {
        id: "sum",
        uses: "words.add",
        needs: names,
        with: { counts: names.map((name) => `\${{ tasks['${name}'].output }}`) },
      },
    ],
    output: "tasks.sum.output",
  });
  return mission.result();
}
