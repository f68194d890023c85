/** Partial output of a running task. */
import type { OutputChunk } from "@tutti/contracts/workflow/v1";
import type { CallContext, InstanceKey } from "@tutti/kernel";
import { whenOwned } from "../../runtime/admission.ts";
import { waitForChange } from "../../runtime/machines/dependencies.ts";
import type { LookupDependencies } from "./lookups.ts";
import type { Work } from "./work.ts";

/** The place after which output is requested. */
interface OutputPlace {
  readonly attempt: number;
  readonly index: number;
}

/** The stored output of tasks in this process. */
export interface StoredOutputs {
  from(key: InstanceKey, taskId: string, place: OutputPlace): readonly OutputChunk[];
  hasMore(key: InstanceKey, taskId: string, place: OutputPlace): boolean;
}

export interface OutputWatched {
  readonly id: string;
  readonly taskId: string;
  readonly channel: string;
  readonly cursor: string;
  /** Returns whether the task has ended. Throws if it does not exist. */
  readonly hasEnded: () => Promise<boolean>;
}

export interface OutputUpdate {
  readonly chunks: OutputChunk[];
  readonly live: boolean;
  readonly cursor: string;
}

export async function* outputOf(
  dependencies: LookupDependencies & { readonly outputs: StoredOutputs },
  work: Pick<Work, "keyOf" | "eventsOf">,
  { id, taskId, channel, cursor, hasEnded }: OutputWatched,
  context: CallContext,
): AsyncGenerator<OutputUpdate, void> {
  const { outputs, runtime, foundation } = dependencies;
  const { signal } = context;
  const key = work.keyOf(context.namespace, id);
  const known = placeIn(cursor);
  let place = known ?? { attempt: 0, index: 0 };
  // A caller that continues would interpret an immediate live snapshot as new output.
  let isRestarted = cursor !== "" && known === undefined;
  for (;;) {
    const events = await work.eventsOf(dependencies, id, context);
    // Checked before the buffer: output from before the end is there then.
    const isOver = await hasEnded();
    const found = outputs.from(key, taskId, place);
    place = after(found, place);
    const chunks = found.filter((chunk) => channel === "" || chunk.channel === channel);
    if (isRestarted) yield { chunks: chunks.splice(0), live: false, cursor: "" };
    isRestarted = false;
    yield { chunks, live: true, cursor: cursorOf(place) };
    if (isOver || signal.aborted) return;
    const isThere = () => outputs.hasMore(key, taskId, place) || runtime.hasNewEvents(key, events);
    while (!signal.aborted && !(await waitForChange(isThere, foundation, signal)))
      if (!signal.aborted) yield { chunks: [], live: true, cursor: cursorOf(place) };
    // Another owner has it by now: the next look-up goes there.
    await whenOwned(dependencies, key, context, () => undefined);
  }
}

function after(found: readonly OutputChunk[], place: OutputPlace): OutputPlace {
  const last = found.at(-1);
  return last === undefined ? place : { attempt: last.attempt, index: last.index + 1 };
}

// The leading letter is the version of the cursor's form.
function cursorOf({ attempt, index }: OutputPlace): string {
  return `a${attempt}.${index}`;
}

/** Undefined for an unreadable cursor. */
function placeIn(cursor: string): OutputPlace | undefined {
  const read = /^a(\d{1,10})\.(\d{1,10})$/.exec(cursor);
  return read === null ? undefined : { attempt: Number(read[1]), index: Number(read[2]) };
}
