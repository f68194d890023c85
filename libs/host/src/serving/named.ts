/** Lists and watches of named machines in the index. */
import type { PageRequest } from "@tutti/contracts/types/v1";
import { sleep } from "@tutti/kernel";
import { sizeOf } from "./machine-calls.ts";
import type { Listed, Listing, LookupTime } from "./shared-lookups.ts";
import type { WatchMemory } from "./watch-memory.ts";

export interface Named<Item, Entry extends Listed = Listed> {
  /**
   * Returns the entries by name, each with its number of events, so that changes are noticed. Equal for every caller.
   */
  entries(): Promise<Listing<Entry>>;
  /** Undefined if it no longer exists, or does not match. */
  find(name: string, entry: Entry): Promise<Item | undefined>;
}

/** Returns a page by name. Only as many entries are read as the page needs. */
export async function pageOf<Item, Entry extends Listed>(
  named: Named<Item, Entry>,
  page: PageRequest | undefined,
): Promise<{ readonly items: Item[]; readonly nextToken: string }> {
  const size = sizeOf(page);
  const after = page?.token ?? "";
  const entries = [...(await named.entries())].filter(([name]) => name > after);
  entries.sort(([one], [other]) => (one < other ? -1 : 1));
  const items: Item[] = [];
  let scanned = 0;
  for (const [name, entry] of entries) {
    if (items.length === size) break;
    scanned++;
    const found = await named.find(name, entry);
    if (found !== undefined) items.push(found);
  }
  return { items, nextToken: scanned < entries.length ? (entries[scanned - 1]?.[0] ?? "") : "" };
}

export interface Changes<Item> {
  readonly changed: Item[];
  readonly removed: string[];
  /**
   * True once the snapshot is complete with this or an earlier reply. True at once if the watch continues from a
   * cursor.
   */
  readonly live: boolean;
  /** Cursor for resuming the watch. Empty if it cannot be resumed. */
  readonly cursor: string;
}

export interface Watching {
  /** Cursor of the caller. Empty for the beginning. */
  readonly cursor: string;
  /** Subject of the watch. Two watches of one subject see the same. */
  readonly about: string;
  /** The watching principal. */
  readonly principal: string;
  readonly memory: WatchMemory;
}

/** Interval of look-ups in the index, which are cheap. */
const pollMs = 500;
/**
 * Maximum number of items per reply: a stalled reader holds only one reply, and other callers are served between two
 * replies.
 */
const portionMax = 50;
/** A stream sends a message at least this often. */
const keepaliveMs = 5_000;

/** Returns a snapshot in portions, then changes. With a cursor, the changes since then. */
export async function* changesOf<Item, Entry extends Listed>(
  named: Named<Item, Entry>,
  { cursor, about, principal, memory }: Watching,
  time: LookupTime,
  signal: AbortSignal,
): AsyncGenerator<Changes<Item>, void> {
  const { clock, timers } = time;
  const { reported, isResumed } = memory.open(`${principal}\n${about}`, cursor);
  let before: Listing<Entry> | undefined;
  // A broken stream must never be queried again.
  signal.addEventListener("abort", () => memory.disconnect(reported), { once: true });
  try {
    let isFirst = true;
    for (
      let sentMs = clock.monotonic();
      !signal.aborted;
      await sleep(timers, pollMs, signal).catch(() => {})
    ) {
      const now = await memory.lookups.lookUp(about, () => named.entries(), time, signal);
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
            reported.report(name, events);
          } else if (reported.exclude(name, events)) removed.push(name);
          if (changed.length < portionMax) continue;
          // All portions of a new watch are one snapshot. A resumed watch reports each portion separately.
          const live = !isFirst || isResumed;
          yield { changed, removed, live, cursor: live ? reported.nextCursor() : "" };
          if (signal.aborted) return;
          [changed, removed] = [[], []];
          sentMs = clock.monotonic();
          await memory.turns.next(timers);
        }
        removed.push(...reported.dropRemoved((name) => now.has(name)));
        before = now;
      }
      if (isFirst || changed.length > 0 || removed.length > 0 || clock.monotonic() - sentMs >= keepaliveMs) {
        sentMs = clock.monotonic();
        // A caller that continues would interpret a snapshot that is live at once as the rest of its known items.
        if (isFirst && cursor !== "" && !isResumed) {
          yield { changed, removed, live: false, cursor: "" };
          yield { changed: [], removed: [], live: true, cursor: reported.nextCursor() };
        } else yield { changed, removed, live: true, cursor: reported.nextCursor() };
      }
      isFirst = false;
    }
  } finally {
    memory.disconnect(reported);
  }
}
