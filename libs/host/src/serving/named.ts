/** Lists and watches of named machines in the index. */
import type { PageRequest } from "@tutti/contracts/types/v1";
import { sleep } from "@tutti/kernel";
import { sizeOf } from "./machine-calls.ts";
import type { Listed, Listing, LookTime } from "./shared-looks.ts";
import type { WatchMemory } from "./watch-memory.ts";

export interface Named<Item, Entry extends Listed = Listed> {
  /** By name, with how many events each has had, so that a change is noticed. The same for every caller. */
  entries(): Promise<Listing<Entry>>;
  /** Undefined when it is gone by now, or is not wanted after all. */
  find(name: string, entry: Entry): Promise<Item | undefined>;
}

/** Returns a page by name. Only as many are looked at as the page needs. */
export async function pageOf<Item, Entry extends Listed>(
  named: Named<Item, Entry>,
  page: PageRequest | undefined,
): Promise<{ readonly items: Item[]; readonly nextToken: string }> {
  const size = sizeOf(page);
  const after = page?.token ?? "";
  const entries = [...(await named.entries())].filter(([name]) => name > after);
  entries.sort(([one], [other]) => (one < other ? -1 : 1));
  const items: Item[] = [];
  let looked = 0;
  for (const [name, entry] of entries) {
    if (items.length === size) break;
    looked++;
    const found = await named.find(name, entry);
    if (found !== undefined) items.push(found);
  }
  return { items, nextToken: looked < entries.length ? (entries[looked - 1]?.[0] ?? "") : "" };
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
  /** What is watched. Two watches of the same see the same. */
  readonly about: string;
  /** Whose watch it is. */
  readonly principal: string;
  readonly memory: WatchMemory;
}

/** Looking at the index costs little. */
const lookMs = 500;
/** A reply has at most so many: a reader that stalls holds one reply, and others are served between two. */
const portionMax = 50;
/** A stream says something at least this often. */
const signOfLifeMs = 5_000;

/** A snapshot in portions, then what changes. From a cursor on, what has changed since. */
export async function* changesOf<Item, Entry extends Listed>(
  named: Named<Item, Entry>,
  { cursor, about, principal, memory }: Watching,
  time: LookTime,
  signal: AbortSignal,
): AsyncGenerator<Changes<Item>, void> {
  const { clock, timers } = time;
  const { reported, isResumed } = memory.begin(`${principal}\n${about}`, cursor);
  let before: Listing<Entry> | undefined;
  // A broken stream must never be asked again.
  signal.addEventListener("abort", () => memory.end(reported), { once: true });
  try {
    let isFirst = true;
    for (
      let toldMs = clock.monotonic();
      !signal.aborted;
      await sleep(timers, lookMs, signal).catch(() => {})
    ) {
      const now = await memory.looks.look(about, () => named.entries(), time, signal);
      if (signal.aborted) return;
      let changed: Item[] = [];
      let removed: string[] = [];
      if (now !== before) {
        await memory.turns.next(timers);
        for (const [name, entry] of now) {
          const { events } = entry;
          if (reported.isReported(name, events)) continue;
          const found = await named.find(name, entry);
          if (found !== undefined) {
            changed.push(found);
            reported.tell(name, events);
          } else if (reported.leaveOut(name, events)) removed.push(name);
          if (changed.length < portionMax) continue;
          // All portions of a new watch are one snapshot. A resumed watch reports each portion by itself.
          const live = !isFirst || isResumed;
          yield { changed, removed, live, cursor: live ? reported.takeCursor() : "" };
          if (signal.aborted) return;
          [changed, removed] = [[], []];
          toldMs = clock.monotonic();
          await memory.turns.next(timers);
        }
        removed.push(...reported.takeGone((name) => now.has(name)));
        before = now;
      }
      if (isFirst || changed.length > 0 || removed.length > 0 || clock.monotonic() - toldMs >= signOfLifeMs) {
        toldMs = clock.monotonic();
        // A caller that continues would take a snapshot that is live at once for the rest of what it knows.
        if (isFirst && cursor !== "" && !isResumed) {
          yield { changed, removed, live: false, cursor: "" };
          yield { changed: [], removed: [], live: true, cursor: reported.takeCursor() };
        } else yield { changed, removed, live: true, cursor: reported.takeCursor() };
      }
      isFirst = false;
    }
  } finally {
    memory.end(reported);
  }
}
