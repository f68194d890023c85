import { TaskFailure, type Worker } from "@tutti/sdk";

export const site = { isBuilt: false, isOnline: false };

export function handle(worker: Worker): void {
  worker.handle("site.build", async () => {
    site.isBuilt = true;
    return null;
  });
  worker.handle("site.remove", async () => {
    site.isBuilt = false;
    return null;
  });
  worker.handle("site.publish", async () => {
    if (!site.isOnline) throw new TaskFailure("site.offline", "no network", { final: true });
    return "published";
  });
}
