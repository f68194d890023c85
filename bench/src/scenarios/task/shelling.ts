/**
 * A coordinator of the kind that shells out and polls: a process per task, which says in a file that it is done, and a list
 * of tasks in a file that is written whenever something in it has changed.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ShellingOptions {
  readonly tasks: number;
  /** Tasks at work at once. */
  readonly slots: number;
  readonly pollMs: number;
}

/** Does all tasks, and gives how many that were in a second. */
export async function shellOut({ tasks, slots, pollMs }: ShellingOptions): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "tutti-bench-"));
  const states = Array.from({ length: tasks }, () => "waiting");
  const startMs = performance.now();
  let begun = 0;
  let done = 0;
  try {
    while (done < tasks) {
      for (const name of await readdir(directory)) {
        if (!name.endsWith(".done") || states[Number.parseInt(name, 10)] === "done") continue;
        states[Number.parseInt(name, 10)] = "done";
        done++;
      }
      for (; begun < tasks && begun - done < slots; begun++) {
        states[begun] = "working";
        spawn("/bin/sh", ["-c", `echo ${begun} > ${begun}.done`], { cwd: directory, stdio: "ignore" });
      }
      await writeFile(join(directory, "tasks.json"), JSON.stringify(states));
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    return (tasks * 1_000) / (performance.now() - startMs);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
