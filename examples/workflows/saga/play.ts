import type { Tutti } from "@tutti/sdk/client";
import { errorOf, source } from "../source.ts";
import { booked } from "./worker.ts";

export const runs = ["trip-1", "trip-2"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("saga"));
  const parameters = { do: "trip.book", undo: "trip.cancel" };
  const done = await tutti.execute("saga", {
    id: "trip-1",
    parameters,
    input: { steps: ["train", "hotel"] },
  });
  booked.clear();
  const failed = await tutti.run("saga", {
    id: "trip-2",
    parameters,
    input: { steps: ["flight", "hotel", "moon"] },
  });
  return { done, failed: await errorOf(failed), leftBooked: [...booked] };
}
