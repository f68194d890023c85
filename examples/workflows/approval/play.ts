import type { Tutti } from "@tutti/sdk/client";
import { errorOf, openApproval, source } from "../source.ts";

export const runs = ["pay-50", "pay-500", "pay-5000"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("approval"));
  const parameters = { capability: "money.send" };
  const pay = (amount: number) =>
    tutti.run("approval", { id: `pay-${amount}`, parameters, input: { amount } });

  const small = await (await pay(50)).result();

  const large = await pay(500);
  const { title } = await openApproval(large);
  await large.approve("sure", { reason: "it was ordered" });

  const huge = await pay(5_000);
  await openApproval(huge);
  await huge.reject("sure", { reason: "too much" });

  return { small, title, large: await large.result(), huge: await errorOf(huge) };
}
