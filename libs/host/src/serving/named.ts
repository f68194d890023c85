/** Lists and watches of what has a name and stands in the index, which is at most a second behind. */
import type { PageRequest } from "@tutti/contracts/types/v1";
import { type Clock, sleep, type Timers } from "@tutti/kernel";
import { sizeOf } from "./machine-calls.ts";

export interface Named<Item> {
  /** Names with how many events each has had, so that a change is noticed. */
  entries(): Promise<ReadonlyMap<string, number>>;
  /** Undefined when it is gone by now, or is not wanted after all. */
  find(name: string): Promise<Item | undefined>;
}

/** A page by name. Only as many are looked at as the page needs. */
export async function pageOf<Item>(
  named: Named<Item>,
  page: PageRequest | undefined,
): Promise<{ readonly items: Item[]; readonly nextToken: string }> {
  const size = sizeOf(page);
  const after = page?.token ?? "";
  const names = [...(await named.entries()).keys()].filter((name) => name > after).sort();
  const items: Item[] = [];
  let looked = 0;
  for (const name of names) {
    if (items.length === size) break;
    looked++;
    const found = await named.find(name);
    if (found !== undefined) items.push(found);
  }
  return { items, nextToken: looked < names.length ? (names[looked - 1] ?? "") : "" };
}

export interface Changes<Item> {
  readonly changed: Item[];
  readonly removed: string[];
  /** The snapshot is complete: with the first of them. */
  readonly live: true;
}

/** Looking at the index costs little. */
const lookMs = 500;
/** A stream says something at least this often. */
const signOfLifeMs = 5_000;

/** A snapshot, then what changes. */
export async function* changesOf<Item>(
  named: Named<Item>,
  { clock, timers }: { readonly clock: Pick<Clock, "monotonic">; readonly timers: Timers },
  signal: AbortSignal,
): AsyncGenerator<Changes<Item>, void> {
  const shown = new Set<string>();
  let known: ReadonlyMap<string, number> = new Map();
  let isFirst = true;
  for (let toldMs = clock.monotonic(); !signal.aborted; await sleep(timers, lookMs, signal).catch(() => {})) {
    const now = await named.entries();
    const changes: Changes<Item> = { changed: [], removed: [], live: true };
    for (const [name, events] of now) {
      if (known.get(name) === events) continue;
      const found = await named.find(name);
      if (found !== undefined) {
        changes.changed.push(found);
        shown.add(name);
      } else if (shown.delete(name)) changes.removed.push(name);
    }
    for (const name of known.keys()) if (!now.has(name) && shown.delete(name)) changes.removed.push(name);
    known = now;
    const hasNews = isFirst || changes.changed.length > 0 || changes.removed.length > 0;
    if (hasNews || clock.monotonic() - toldMs >= signOfLifeMs) {
      toldMs = clock.monotonic();
      yield changes;
    }
    isFirst = false;
  }
}
