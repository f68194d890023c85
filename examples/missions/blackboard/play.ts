/** Agents write to one shared value. A write that lost a race is rejected, and its agent tries again. */
import type { Tutti } from "@tutti/sdk/client";

export async function play(tutti: Tutti): Promise<unknown> {
  const mission = await tutti.missions.start({
    id: "blackboard",
    goal: "Count the birds",
    stop: [{ name: "counted", condition: "has(board.birds) && board.birds >= 6" }],
    output: "board.birds",
  });
  const [one, other] = [await mission.join("one"), await mission.join("other")];

  // Both saw that nothing was there. The second is told so, with what is there instead.
  const first = await one.board.put("place", "north", { ifVersion: 0 });
  const second = await other.board.put("place", "south", { ifVersion: 0 });

  for (const agent of [one, other, one, other, one, other])
    await agent.board.update<number>("birds", (birds = 0) => birds + 1);
  return {
    first: first.written,
    second: { written: second.written, there: second.entry?.value, version: second.entry?.version },
    birds: await mission.result(),
  };
}
