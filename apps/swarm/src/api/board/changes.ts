/**
 * What of a board is new or other than who watches it has seen. Each look costs what has changed, but for tasks and votes,
 * which are compared; who watches many rests in between for a multiple of the time that a look took.
 */
import {
  type BoardEntry,
  type BoardTask,
  BoardTask as BoardTasks,
  type MissionMessage,
  type Vote,
  Vote as Votes,
} from "@tutti/contracts/swarm/v1";
import type { CallContext } from "@tutti/kernel";
import { changedEntries, listEntries, showBoardTasks, showMessages, showVotes } from "@tutti/machine-mission";
import { askMission, type MissionDesk } from "../missions/desk.ts";

const page = 1_000;

/** Which mission is looked at, for whom. */
export interface Watched {
  readonly desk: MissionDesk;
  readonly missionId: string;
  readonly context: CallContext;
}

/** Keeps what was shown, so that the same is not shown twice. */
class Shown<Item> {
  readonly #shown = new Map<string, Uint8Array>();
  readonly #nameOf: (item: Item) => string;
  readonly #encode: (item: Item) => Uint8Array;

  constructor(nameOf: (item: Item) => string, encode: (item: Item) => Uint8Array) {
    this.#nameOf = nameOf;
    this.#encode = encode;
  }

  isOther(item: Item): boolean {
    const name = this.#nameOf(item);
    const now = this.#encode(item);
    const before = this.#shown.get(name);
    if (before !== undefined && Buffer.compare(before, now) === 0) return false;
    this.#shown.set(name, now);
    return true;
  }
}

export class ChangedTasks {
  readonly #watched: Watched;
  readonly #shown = new Shown<BoardTask>(
    ({ spec }) => spec?.id ?? "",
    (task) => BoardTasks.encode(task).finish(),
  );

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  async look(): Promise<BoardTask[]> {
    const { desk, missionId, context } = this.#watched;
    const changed: BoardTask[] = [];
    for (let from = 0; from >= 0; ) {
      const body = { statuses: [], claimedBy: "", parentTaskId: "", text: "", from, size: page };
      const { tasks, next } = await askMission(desk, missionId, { query: showBoardTasks, body }, context);
      changed.push(...tasks.filter((task) => this.#shown.isOther(task)));
      from = next;
    }
    return changed;
  }
}

export class ChangedVotes {
  readonly #watched: Watched;
  readonly #shown = new Shown<Vote>(
    ({ voteId }) => voteId,
    (vote) => Votes.encode(vote).finish(),
  );

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  async look(): Promise<Vote[]> {
    const { desk, missionId, context } = this.#watched;
    const changed: Vote[] = [];
    for (let from = 0; ; from += page) {
      const body = { openOnly: false, voteIds: [], from, size: page };
      const { votes, isMore } = await askMission(desk, missionId, { query: showVotes, body }, context);
      changed.push(...votes.filter((vote) => this.#shown.isOther(vote)));
      if (!isMore) return changed;
    }
  }
}

export class ChangedEntries {
  readonly #watched: Watched;
  readonly #prefixes: readonly string[];
  /** Number of the last change that was seen; 0 for none: then all that is there is shown first. */
  #after: number;

  constructor(watched: Watched, prefixes: readonly string[], after = 0) {
    this.#watched = watched;
    this.#prefixes = prefixes;
    this.#after = after;
  }

  get after(): number {
    return this.#after;
  }

  async look(): Promise<BoardEntry[]> {
    const { desk, missionId, context } = this.#watched;
    if (this.#after === 0) return this.#whole();
    const changed: BoardEntry[] = [];
    for (;;) {
      const body = { afterNumber: this.#after, prefixes: this.#prefixes, size: page };
      const asked = { query: changedEntries, body };
      const { entries, number, isKnown } = await askMission(desk, missionId, asked, context);
      if (!isKnown) return this.#whole();
      changed.push(...entries);
      const isLast = number === this.#after || entries.length < page;
      this.#after = number;
      if (isLast) return changed;
    }
  }

  /** All that is there, where what has changed is not known. */
  async #whole(): Promise<BoardEntry[]> {
    const { desk, missionId, context } = this.#watched;
    const all = new Map<string, BoardEntry>();
    let first: number | undefined;
    for (const prefix of this.#prefixes)
      for (let afterKey = ""; ; ) {
        const asked = { query: listEntries, body: { prefix, afterKey, size: page } };
        const { entries, isMore, number } = await askMission(desk, missionId, asked, context);
        for (const entry of entries) all.set(entry.key, entry);
        afterKey = entries.at(-1)?.key ?? "";
        // What changes while it is read comes again.
        first ??= number;
        if (!isMore) break;
      }
    this.#after = first ?? 0;
    return [...all.values()];
  }
}

export class NewMessages {
  readonly #watched: Watched;
  readonly #agentId: string;
  #after: number;

  constructor(watched: Watched, agentId: string, after = 0) {
    this.#watched = watched;
    this.#agentId = agentId;
    this.#after = after;
  }

  get after(): number {
    return this.#after;
  }

  async look(): Promise<MissionMessage[]> {
    const { desk, missionId, context } = this.#watched;
    const found: MissionMessage[] = [];
    for (;;) {
      const body = { agentId: this.#agentId, afterNumber: this.#after, taskId: "", size: page };
      const { messages, number } = await askMission(desk, missionId, { query: showMessages, body }, context);
      found.push(...messages);
      const isLast = number === this.#after || messages.length < page;
      this.#after = number;
      if (isLast) return found;
    }
  }
}
