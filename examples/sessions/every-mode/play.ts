/** The same tasks in every mode, with the same results. */
import type { Worker } from "@tutti/sdk";
import type { ModeName, Tutti } from "@tutti/sdk/client";

export function handle(worker: Worker): void {
  worker.handle("word.upper", ({ word }: { readonly word: string }) => word.toUpperCase());
  worker.handle("word.join", ({ words }: { readonly words: readonly string[] }) => words.join(" "));
}

const modes: readonly ModeName[] = ["workflow", "swarm", "intelligence", "hybrid"];
const words = ["all", "play", "together"];

export async function play(tutti: Tutti): Promise<unknown> {
  const results = modes.map(async (mode) => {
    const session = await tutti.run({
      id: `in-${mode}`,
      mode,
      tasks: [
        ...words.map((word) => ({ id: word, uses: "word.upper", with: { word } })),
        {
          id: "sentence",
          uses: "word.join",
          needs: words,
          with: { words: words.map((word) => `\${{ tasks.${word}.output }}`) },
        },
      ],
      output: "tasks.sentence.output",
    });
    return [mode, await session.result()];
  });
  return Object.fromEntries(await Promise.all(results));
}
