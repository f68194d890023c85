/** Agents reserve budget before they spend it. When the budget is used up, a person decides. */
import type { Tutti } from "@tutti/sdk/client";

export async function play(tutti: Tutti): Promise<unknown> {
  const mission = await tutti.missions.start({
    id: "budget",
    goal: "Write a poem with 100 tokens",
    budget: { tokens: 100 },
    stop: [{ name: "written", condition: "has(board.poem)" }],
    output: "board.poem",
  });
  const poet = await mission.join("poet");
  const draft = await poet.budget.reserve({ tokens: 80 });
  await draft.spend({ tokens: 50 });
  // The unused amount is released.
  const returned = await draft.release();

  const refused = await poet.budget.reserve({ tokens: 60 }).catch(({ code }: { code: string }) => code);
  const [question] = await mission.approvals();
  await mission.approve(question?.approvalId ?? "", { data: { tokens: 100 }, reason: "it is a good poem" });
  const more = await poet.budget.reserve({ tokens: 60 });
  await more.spend({ tokens: 60 });
  const { spent } = await mission.budget.get();
  await poet.board.put("poem", "Row, row, row your boat");
  return { returned: returned.tokens, refused, spent: spent?.tokens, poem: await mission.result() };
}
