import type { BoardEntry } from "@tutti/contracts/swarm/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import { momentOf } from "@tutti/machine-work";
import type { Entry, Mission, MissionView } from "../../core/state/state.ts";

export function boardEntry({ key, value, version, cause, updateMs }: ReadOnly<Entry>): BoardEntry {
  return {
    key,
    value: value as BoardEntry["value"],
    version,
    updateCause: cause && { ...cause, actor: cause.actor && { ...cause.actor } },
    updateTime: momentOf(updateMs),
  };
}

/** Returns entries by key, without missing ones. */
export const getEntries: Query<Mission, { readonly keys: readonly string[] }, readonly BoardEntry[]> = {
  type: "get_entries",
  answer: ({ entries }, { keys }) =>
    keys.flatMap((key) => {
      const entry = entries.get(key);
      return entry?.value === undefined ? [] : [boardEntry(entry)];
    }),
};

export interface ShowEntriesOptions {
  readonly prefix: string;
  /** Keys after this one. Empty means from the first. */
  readonly afterKey: string;
  readonly size: number;
  /** Whether removed entries are included, without a value. */
  readonly withRemoved?: boolean;
}

/** Ordered by key. */
export const listEntries: Query<
  Mission,
  ShowEntriesOptions,
  { readonly entries: readonly BoardEntry[]; readonly isMore: boolean; readonly number: number }
> = {
  type: "list_entries",
  answer({ entries, entryNumber }, { prefix, afterKey, size, withRemoved = false }) {
    const keys = [...entries.values()]
      .filter(
        ({ key, value }) => (withRemoved || value !== undefined) && key.startsWith(prefix) && key > afterKey,
      )
      .map(({ key }) => key)
      .sort();
    const page = keys.slice(0, size).map((key) => boardEntry(entries.get(key) as ReadOnly<Entry>));
    return { entries: page, isMore: keys.length > size, number: entryNumber };
  },
};

export interface EntriesChanged {
  /** Current entries, each key once. Removed ones have no value. */
  readonly entries: readonly BoardEntry[];
  /** Number of the latest change among these, to continue from. */
  readonly number: number;
  /** False if the changes since then are no longer known: the caller must read the whole board. */
  readonly isKnown: boolean;
}

/** Returns the changes after a change, by their numbers in the mission. */
export const changedEntries: Query<
  Mission,
  { readonly afterNumber: number; readonly prefixes: readonly string[]; readonly size: number },
  EntriesChanged
> = {
  type: "changed_entries",
  answer(mission, { afterNumber, prefixes, size }) {
    const { changesFrom, changes, entryNumber } = mission;
    if (afterNumber >= entryNumber)
      return { entries: [], number: entryNumber, isKnown: afterNumber === entryNumber };
    if (afterNumber + 1 < changesFrom) return { entries: [], number: entryNumber, isKnown: false };
    const found = new Set<string>();
    let at = afterNumber + 1 - changesFrom;
    for (; at < changes.length && found.size < size; at++) {
      const key = changes[at] ?? "";
      if (prefixes.some((prefix) => key.startsWith(prefix))) found.add(key);
    }
    return { entries: entriesOf(mission, found), number: changesFrom + at - 1, isKnown: true };
  },
};

function entriesOf({ entries }: MissionView, keys: Iterable<string>): BoardEntry[] {
  return [...keys].flatMap((key) => {
    const entry = entries.get(key);
    return entry === undefined ? [] : [boardEntry(entry)];
  });
}
