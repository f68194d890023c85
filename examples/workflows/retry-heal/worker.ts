import { TaskFailure, type Worker } from "@tutti/sdk";

export function handle(worker: Worker): void {
  const disk = { full: true };
  worker.handle("disk.write", async () => {
    if (disk.full) throw new TaskFailure("disk.full", "no room left");
    return "written";
  });
  worker.handle("disk.clean", async ({ error }: { readonly error: string }) => {
    if (error === "disk.full") disk.full = false;
    return null;
  });
}
