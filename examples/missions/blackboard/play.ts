/** Agents write to one shared value. A conflicting write is rejected, and its agent retries. */
import type { Tutti } from "@tutti/sdk/client";

export async function play(tutti: Tutti): Promise<unknown> {
  const mission = await tutti.missions.start({
    id: "blackboard",
    goal: "Count the birds",
    stop: [{ name: "counted", condition: "has(board.birds) && board.birds >= 6" }],
    output: "board.birds",
  });
  const [one, other] = [await mission.join("one"), await mission.join("other")];

  // Both agents read no value. The second write is rejected with the current value.
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
