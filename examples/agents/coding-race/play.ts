/** Two coding agents change the same code at once and review each other. The change with the better review is merged. */
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { ScriptedModel } from "@tutti/sdk/testing";
import { type CodeRepository, serveCoders } from "../coding-review/play.ts";

const code = 'export const greet = (name) => "Hello, " + name;';

/** As a reviewer, it gives a change without a comment fewer points. */
const coder = (lines: readonly string[]) =>
  new ScriptedModel(({ conversation: [prompt = ""] }) => {
    if (!prompt.startsWith("Review")) return JSON.stringify({ "greet.mjs": lines });
    return prompt.includes("+// Greets") ? "9" : "5";
  });

let repository: CodeRepository;

export function handle(worker: Worker): void {
  repository = serveCoders(worker, {
    "code.ann": coder([code]),
    "code.bob": coder(["// Greets a person by name.", code]),
  });
}

const change = { prompt: "Write greet.mjs.", base: "main", check: ["node", "--check", "greet.mjs"] };
const review = (author: string) => ({
  prompt: `Review this change. Answer with points from 0 to 10:\n\${{ tasks.${author}.output.diff }}`,
  base: "main",
});

export async function play(tutti: Tutti): Promise<unknown> {
  const mission = await tutti.missions.start({
    id: "coding-race",
    goal: "Write greet.mjs",
    tasks: [
      { id: "ann", uses: "code.ann", with: change },
      { id: "bob", uses: "code.bob", with: change },
      { id: "pointsOfAnn", uses: "code.bob", needs: ["ann"], with: review("ann") },
      { id: "pointsOfBob", uses: "code.ann", needs: ["bob"], with: review("bob") },
      {
        id: "merge",
        uses: "code.merge",
        needs: ["ann", "bob", "pointsOfAnn", "pointsOfBob"],
        with: {
          branch:
            "${{ int(tasks.pointsOfAnn.output.answer) >= int(tasks.pointsOfBob.output.answer) ? tasks.ann.output.branch : tasks.bob.output.branch }}",
          into: "main",
        },
      },
    ],
    output: "{'ann': int(tasks.pointsOfAnn.output.answer), 'bob': int(tasks.pointsOfBob.output.answer)}",
  });
  try {
    const points = await mission.result();
    return { points, main: repository.git("show", "main:greet.mjs").split("\n") };
  } finally {
    await repository.remove();
  }
}
