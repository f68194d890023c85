/** Agents review each other's texts in rounds until no agent has a comment. */
import type { Participation, Tutti } from "@tutti/sdk/client";

interface Draft {
  readonly text: string;
  readonly reviewedBy: readonly string[];
}

export async function play(tutti: Tutti): Promise<unknown> {
  const mission = await tutti.missions.start({
    id: "review-circle",
    stop: [{ name: "agreed", condition: "has(board.draft) && size(board.draft.reviewedBy) == 3" }],
    output: "board.draft",
  });
  const circle: Participation[] = [];
  for (const name of ["ann", "bob", "cleo"]) circle.push(await mission.join(name));
  await circle[0]?.board.put("draft", { text: "Row your boat.", reviewedBy: [] } satisfies Draft);
  for (const reviewer of circle) {
    const entry = await reviewer.board.update<Draft>("draft", (draft) => reviewed(draft, reviewer.agentId));
    const next = circle[(circle.indexOf(reviewer) + 1) % circle.length];
    const isDone = entry.value?.reviewedBy.length === circle.length;
    if (!isDone) await reviewer.messages.send({ agent: next?.agentId ?? "" }, "your turn");
  }
  return mission.result();
}

function reviewed(draft: Draft | undefined, by: string): Draft {
  const { text = "", reviewedBy = [] } = draft ?? {};
  return { text: by === "bob" ? `${text} Gently.` : text, reviewedBy: [...reviewedBy, by] };
}
