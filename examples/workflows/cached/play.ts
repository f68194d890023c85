import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";

export const runs = ["weather-1", "weather-2"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("cached"));
  const ask = (id: string, input: string) =>
    tutti.execute("cached", { id, parameters: { capability: "weather.fetch" }, input });
  return [await ask("weather-1", "Bern"), await ask("weather-2", "Bern"), await ask("weather-3", "Rome")];
}
