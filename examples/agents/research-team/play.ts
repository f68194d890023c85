/** Three agents research, share their findings on a blackboard, and vote for the best one. */
import { readFileSync } from "node:fs";
import type { Worker } from "@tutti/sdk";
import type { Participation, Tutti } from "@tutti/sdk/client";
import type { ModelScript } from "@tutti/sdk/testing";

const team = ["ann", "bob", "cleo"];
const library: Readonly<Record<string, string>> = {
  ann: "A flute of ivory is 43,000 years old.",
  bob: "A flute of bone is 60,000 years old.",
  cleo: "A drum is 5,500 years old.",
};

/** Each agent searches, then returns its finding. As a judge, it names the author of the oldest finding. */
export const script =
  (): ModelScript =>
  ({ instructions, conversation }) => {
    const [, name = ""] = /You are (\w+)/.exec(instructions) ?? [];
    const answer = (text: string) => ({ calls: [{ name: "answer", input: { text } }] });
    if (instructions.includes("Judge")) {
      const findings: Readonly<Record<string, string>> = JSON.parse(conversation[0] ?? "{}");
      const age = (author: string) =>
        Number(/([\d,]+) years/.exec(findings[author] ?? "")?.[1]?.replace(",", ""));
      return answer(Object.keys(findings).sort((one, other) => age(other) - age(one))[0] ?? "");
    }
    const found = conversation[2];
    return found === undefined ? { calls: [{ name: "library_search", input: { by: name } }] } : answer(found);
  };

export function handle(worker: Worker): void {
  worker.handle("library.search", ({ by }: { readonly by: string }) => library[by] ?? "nothing", {
    description: "Searches the library.",
    inputSchema: { type: "object", properties: { by: { type: "string" } }, required: ["by"] },
  });
}

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(readFileSync(new URL("workflow.yaml", import.meta.url), "utf8"));
  const mission = await tutti.missions.start({
    id: "oldest-instrument",
    goal: "Find the oldest instrument",
    stop: [{ name: "decided", condition: "has(board.winner)" }],
    output: "board.winner",
  });
  const agentOf = (name: string, task: string, material: string) =>
    tutti.execute<string>("team-member", { input: { name, task, material } });
  const members: Participation[] = [];
  for (const name of team) members.push(await mission.join(name));

  const question = "Which instrument is the oldest?";
  await Promise.all(
    members.map(async ({ agentId, board }) => {
      await board.put(`finding-${agentId}`, await agentOf(agentId, "Search the library.", question));
    }),
  );
  await mission.votes.open("best", { question: "Whose finding is the best?", options: team });
  await Promise.all(
    members.map(async ({ agentId, board, votes }) => {
      const findings: Record<string, unknown> = {};
      for (const name of team) findings[name] = (await board.get(`finding-${name}`))?.value;
      await votes.cast("best", await agentOf(agentId, "Judge the findings.", JSON.stringify(findings)));
    }),
  );
  const { outcome } = await mission.votes.close("best");
  const winner = outcome?.winner ?? "";
  const finding = (await members[0]?.board.get<string>(`finding-${winner}`))?.value;
  await members[0]?.board.put("winner", { winner, finding });
  return mission.result();
}
