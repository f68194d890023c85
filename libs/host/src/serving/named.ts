/** Lists and watches of what has a name and stands in the index, which is at most a second behind. */
import type { PageRequest } from "@tutti/contracts/types/v1";
import { type Clock, sleep, type Timers } from "@tutti/kernel";
import { sizeOf } from "./machine-calls.ts";
import type { ToldNames, WatchMemory } from "./watch-memory.ts";

export interface Named<Item> {
  /** Names with how many events each has had, so that a change is noticed. */
  entries(): Promise<ReadonlyMap<string, number>>;
  /** Undefined when it is gone by now, or is not wanted after all. */
  find(name: string): Promise<Item | undefined>;
}

/** Returns a page by name. Only as many are looked at as the page needs. */
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
  /** The snapshot is complete, with this or an earlier one. At once where the watch continues from a cursor. */
  readonly live: boolean;
  /** From where the watch can be resumed. Empty where it cannot. */
  readonly cursor: string;
}

export interface Watching {
  /** Where the caller stood. Empty for the beginning. */
  readonly cursor: string;
  /** What is watched, for whom. */
  readonly about: string;
  readonly memory: WatchMemory;
}

/** Looking at the index costs little. */
const lookMs = 500;
/** A stream says something at least this often. */
const signOfLifeMs = 5_000;

/** A snapshot, then what changes. From a cursor on, what has changed since. */
export async function* changesOf<Item>(
  named: Named<Item>,
  { cursor, about, memory }: Watching,
  { clock, timers }: { readonly clock: Pick<Clock, "monotonic">; readonly timers: Timers },
  signal: AbortSignal,
): AsyncGenerator<Changes<Item>, void> {
  const { told, isResumed } = memory.begin(about, cursor);
  // A broken stream must never be asked again.
  signal.addEventListener("abort", () => memory.end(told), { once: true });
  try {
    let isFirst = true;
    for (
      let toldMs = clock.monotonic();
      !signal.aborted;
      await sleep(timers, lookMs, signal).catch(() => {})
    ) {
      const { changed, removed } = await lookAt(named, told);
      if (isFirst || changed.length > 0 || removed.length > 0 || clock.monotonic() - toldMs >= signOfLifeMs) {
        toldMs = clock.monotonic();
        // Who asked to continue would take a snapshot that is live at once for the rest of what it knows.
        if (isFirst && cursor !== "" && !isResumed) {
          yield { changed, removed, live: false, cursor: "" };
          yield { changed: [], removed: [], live: true, cursor: told.takeCursor() };
        } else yield { changed, removed, live: true, cursor: told.takeCursor() };
      }
      isFirst = false;
    }
  } finally {
    memory.end(told);
  }
}

async function lookAt<Item>(
  named: Named<Item>,
  told: ToldNames,
): Promise<Pick<Changes<Item>, "changed" | "removed">> {
  const now = await named.entries();
  const changed: Item[] = [];
  const removed: string[] = [];
  for (const [name, events] of now) {
    if (told.isAsTold(name, events)) continue;
    const found = await named.find(name);
    if (found !== undefined) {
      changed.push(found);
      told.tell(name, events);
    } else if (told.leaveOut(name, events)) removed.push(name);
  }
  removed.push(...told.takeGone((name) => now.has(name)));
  return { changed, removed };
}
