import { TaskFailure, type Worker } from "@tutti/sdk";

/** Bookings of the external system. */
export const booked = new Set<string>();

export function handle(worker: Worker): void {
  worker.handle("trip.book", async ({ step }: { readonly step: string }) => {
    if (step === "moon") throw new TaskFailure("trip.sold_out", "no seats to the moon", { final: true });
    booked.add(step);
    return `booked ${step}`;
  });
  worker.handle("trip.cancel", async ({ step }: { readonly step: string }) => {
    booked.delete(step);
    return null;
  });
}
