import { TaskFailure, type Worker } from "@tutti/sdk";

export const pen = { isBroken: false };

interface Question {
  readonly about: string;
  /** Comments on the previous report. */
  readonly feedback: unknown;
}

export function handle(worker: Worker): void {
  worker.handle("facts.gather", async ({ about, feedback }: Question) =>
    feedback === null ? about : `all that is known about ${about}`,
  );
  worker.handle("report.write", async (facts: string) => {
    if (pen.isBroken) throw new TaskFailure("pen.broken", "no ink comes out");
    return `Report: ${facts}`;
  });
}
