/** Partial output, while it comes. */
import { TaskStatus } from "@tutti/contracts/types/v1";
import type { OutputChunk, WatchOutputReply, WatchOutputRequest } from "@tutti/contracts/workflow/v1";
import { newsOf, whenOwned } from "@tutti/host";
import type { CallContext } from "@tutti/kernel";
import type { OutputPlace } from "@tutti/offers";
import { eventsOf, keyOf } from "../runs/desk.ts";
import type { TaskDesk } from "./desk.ts";
import { taskNamed } from "./reading.ts";

export async function* watchOutput(
  desk: TaskDesk,
  { runId, taskId, channel, cursor }: WatchOutputRequest,
  context: CallContext,
): AsyncGenerator<WatchOutputReply, void> {
  const { outputs, runtime, foundation } = desk;
  const { signal } = context;
  const key = keyOf(context.namespace, runId);
  let place = placeOf(cursor);
  for (;;) {
    const events = await eventsOf(desk, runId, context);
    // Looked at before the shelf: what came before the end is there then.
    const { status } = await taskNamed(desk, { runId, taskId, atEvent: 0 }, context);
    const found = outputs.from(key, taskId, place);
    place = after(found, place);
    const chunks = found.filter((chunk) => channel === "" || chunk.channel === channel);
    yield { chunks, live: true, cursor: cursorOf(place) };
    if (ended.has(status) || signal.aborted) return;
    const isThere = () => outputs.hasMore(key, taskId, place) || runtime.hasNews(key, events);
    while (!signal.aborted && !(await newsOf(isThere, foundation, signal)))
      if (!signal.aborted) yield { chunks: [], live: true, cursor: cursorOf(place) };
    // Another owner has it by now: the next look goes there.
    await whenOwned(desk, key, context, () => undefined);
  }
}

const ended: ReadonlySet<TaskStatus> = new Set([
  TaskStatus.TASK_STATUS_COMPLETED,
  TaskStatus.TASK_STATUS_FAILED,
  TaskStatus.TASK_STATUS_SKIPPED,
  TaskStatus.TASK_STATUS_CANCELLED,
  TaskStatus.TASK_STATUS_COMPENSATED,
]);

function after(found: readonly OutputChunk[], place: OutputPlace): OutputPlace {
  const last = found.at(-1);
  return last === undefined ? place : { attempt: last.attempt, index: last.index + 1 };
}

// The leading letter is the version of the cursor's form.
function cursorOf({ attempt, index }: OutputPlace): string {
  return `a${attempt}.${index}`;
}

/** One that cannot be read is too old: the stream begins with all that is kept. */
function placeOf(cursor: string): OutputPlace {
  const read = /^a(\d{1,10})\.(\d{1,10})$/.exec(cursor);
  return { attempt: Number(read?.[1] ?? 0), index: Number(read?.[2] ?? 0) };
}
