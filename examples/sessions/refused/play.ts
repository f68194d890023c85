/** Sessions that cannot complete are rejected at their start. The error names the task. */
import type { Tutti, WorkTask } from "@tutti/sdk/client";

export async function play(tutti: Tutti): Promise<unknown> {
  const told = async (tasks: readonly WorkTask[]): Promise<readonly string[]> => {
    const error = await tutti.run({ tasks }).catch((thrown: Error) => thrown.message);
    const named = tasks.map(({ id }) => id);
    return named.filter((id) => typeof error === "string" && error.includes(id));
  };
  const circle = [
    { id: "hen", uses: "farm.lay", needs: ["egg"] },
    { id: "egg", uses: "farm.hatch", needs: ["hen"] },
  ];
  return {
    circle: (await told(circle)).length > 0,
    dangling: await told([{ id: "encore", uses: "band.play", needs: ["applause"] }]),
    twice: await told([
      { id: "song", uses: "band.play" },
      { id: "song", uses: "band.play" },
    ]),
  };
}
