import type { Tutti } from "@tutti/sdk/client";
import { errorOf, source, waiting } from "../source.ts";

export const runs = ["invoice-1", "invoice-2", "invoice-3"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("reminder"));
  const bill = (invoice: string, patience: string, grace: string) =>
    tutti.run("reminder", {
      id: invoice,
      parameters: { remind: "invoice.remind", patience, grace },
      input: { invoice },
    });

  const prompt = await bill("invoice-1", "14d", "14d");
  await prompt.signal("paid", { invoice: "invoice-of-another" });
  await prompt.signal("paid", { invoice: "invoice-1" });

  const late = await bill("invoice-2", "50ms", "14d");
  await waiting(late, "second");
  await late.signal("paid", { invoice: "invoice-2" });

  const never = await bill("invoice-3", "50ms", "50ms");
  return { prompt: await prompt.result(), late: await late.result(), never: await errorOf(never) };
}
