import {
  DefinitionFilter,
  type WatchDefinitionsReply,
  type WatchDefinitionsRequest,
} from "@tutti/contracts/workflow/v1";
import { type CallContext, sleep } from "@tutti/kernel";
import type { DefinitionDesk } from "./desk.ts";
import { entriesOf, fits, latestOf } from "./reading.ts";

/** The index is at most a second behind; looking at it costs little. */
const lookMs = 500;
/** A stream says something at least this often. */
const signOfLifeMs = 5_000;

/** A snapshot, then what changes. A stream that is resumed begins with a snapshot again. */
export async function* watchDefinitions(
  desk: DefinitionDesk,
  { filter = DefinitionFilter.create() }: WatchDefinitionsRequest,
  context: CallContext,
): AsyncGenerator<WatchDefinitionsReply, void> {
  const { signal, namespace } = context;
  const { clock, timers } = desk.foundation;
  const shown = new Set<string>();
  let known = new Map<string, number>();
  let isFirst = true;
  for (let toldMs = clock.monotonic(); !signal.aborted; await sleep(timers, lookMs, signal).catch(() => {})) {
    const entries = await entriesOf(desk, filter, namespace);
    const now = new Map(entries.map(({ key, events }) => [key.id, events]));
    const reply: WatchDefinitionsReply = { definitions: [], removedNames: [], live: isFirst, cursor: "" };
    for (const [name, events] of now) {
      if (known.get(name) === events) continue;
      const found = await latestOf(desk, name, context);
      if (found !== undefined && fits(filter, found)) {
        reply.definitions.push(found);
        shown.add(name);
      } else if (shown.delete(name)) reply.removedNames.push(name);
    }
    for (const name of known.keys()) if (!now.has(name) && shown.delete(name)) reply.removedNames.push(name);
    known = now;
    const hasNews = isFirst || reply.definitions.length > 0 || reply.removedNames.length > 0;
    if (hasNews || clock.monotonic() - toldMs >= signOfLifeMs) {
      toldMs = clock.monotonic();
      yield reply;
    }
    isFirst = false;
  }
}
