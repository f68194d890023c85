import type { Worker } from "@tutti/sdk";

interface Assignment {
  readonly task: string;
  readonly feedback: { readonly remarks: string } | null;
}

export function handle(worker: Worker): void {
  worker.handle("essay.write", async ({ task, feedback }: Assignment) => {
    if (task === "an essay on nothing") return "nothing";
    return feedback === null ? `${task}, in haste` : `${task}, with ${feedback.remarks}`;
  });
  worker.handle("essay.review", async ({ work }: { readonly work: string }) =>
    work.endsWith("in haste") || work === "nothing"
      ? { score: 4, remarks: "more care" }
      : { score: 9, remarks: "" },
  );
}
