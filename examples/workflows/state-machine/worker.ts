import { TaskFailure, type Worker } from "@tutti/sdk";

/** Months in which the card is declined at the first attempt. */
const declined = new Set([2]);

/** Messages to the subscriber. */
export const told: string[] = [];

export function handle(worker: Worker): void {
  worker.handle("subscription.charge", async ({ month }: { readonly month: number }) => {
    if (declined.delete(month)) throw new TaskFailure("card.declined", "no money", { final: true });
    return null;
  });
  worker.handle("subscription.tell", async ({ about }: { readonly about: string }) => {
    told.push(about);
    return null;
  });
}
