import { TaskFailure, type Worker } from "@tutti/sdk";

export const bank = { isThere: false, reserved: 0 };

export function handle(worker: Worker): void {
  worker.handle("fee.reserve", async () => {
    bank.reserved += 1;
    return null;
  });
  worker.handle("fee.charge", async () => {
    if (!bank.isThere) throw new TaskFailure("bank.away", "nobody answers", { final: true });
    return "charged";
  });
}
