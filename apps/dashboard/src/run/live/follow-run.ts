/** Keeps a store as the run is: a snapshot, then what changes, over breaks and restarts of the platform. */
import { type Client, RestError } from "@tutti/rest/client";
import { runOf, taskOf } from "../model/read.ts";
import type { RunStore } from "./run-store.ts";

export async function followRun(
  client: Pick<Client, "follow">,
  runId: string,
  store: RunStore,
  signal: AbortSignal,
): Promise<void> {
  const onStatus = (status: "connecting" | "open" | "broken") => {
    if (status === "broken") store.setStreamStatus("broken");
  };
  try {
    const parts = { params: { id: runId }, query: { withTasks: true } };
    for await (const message of client.follow("runs.watch", parts, {
      signal,
      onConnectionChange: onStatus,
    })) {
      if (message.kind !== "snapshot" && message.kind !== "change") continue;
      const { run, tasks = [], removedTaskIds = [] } = message.value;
      store.apply({
        run: run === undefined ? undefined : runOf(run),
        tasks: tasks.map(taskOf),
        removed: removedTaskIds,
        isComplete: message.kind === "snapshot" && message.isFirst,
      });
      store.setStreamStatus("live");
    }
    if (!signal.aborted) store.setStreamStatus("ended");
  } catch (error) {
    if (signal.aborted) return;
    const { code, detail } =
      error instanceof RestError ? error : { code: "page.unexpected", detail: String(error) };
    store.setStreamStatus("broken", { code, message: detail });
  }
}
