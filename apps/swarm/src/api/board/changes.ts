/**
 * The changes of a board since the last look of a watcher. A look costs as much as the changes, except for
 * tasks and votes, which are compared. A watcher of many pauses between looks for a multiple of the duration
 * of a look.
 */
import {
  type BoardEntry,
  type BoardTask,
  BoardTask as BoardTasks,
  type MissionMessage,
  type Vote,
  Vote as Votes,
} from "@tutti/contracts/swarm/v1";
import { SentItems } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { changedEntries, listEntries, showBoardTasks, showMessages, showVotes } from "@tutti/machine-mission";
import { type MissionDependencies, queryMission } from "../missions/dependencies.ts";

const page = 1_000;

/** A watched mission, with the context of its watcher. */
export interface Watched {
  readonly dependencies: MissionDependencies;
  readonly missionId: string;
  readonly context: CallContext;
}

export class ChangedTasks {
  readonly #watched: Watched;
  readonly #sent = new SentItems<BoardTask>(
    ({ spec }) => spec?.id ?? "",
    (task) => BoardTasks.encode(task).finish(),
  );

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  async read(): Promise<BoardTask[]> {
    const changed: BoardTask[] = [];
    for await (const tasks of this.#pages(0, page))
      changed.push(...tasks.filter((task) => this.#sent.isOther(task)));
    return changed;
  }

  /** Marks the tasks as of an event as shown. 0 for the present ones. */
  async know(atEvent: number): Promise<void> {
    for await (const tasks of this.#pages(atEvent, Math.max(page, atEvent)))
      for (const task of tasks) this.#sent.markSent(task);
  }

  reset(): void {
    this.#sent.clear();
  }

  async *#pages(atEvent: number, size: number): AsyncGenerator<readonly BoardTask[], void> {
    const { dependencies, missionId, context } = this.#watched;
    for (let from = 0; from >= 0; ) {
      const body = { statuses: [], claimedBy: "", parentTaskId: "", text: "", from, size };
      const call = { query: showBoardTasks, body, atEvent };
      const { tasks, next } = await queryMission(dependencies, missionId, call, context);
      yield tasks;
      from = next;
    }
  }
}

export class ChangedVotes {
  readonly #watched: Watched;
  readonly #sent = new SentItems<Vote>(
    ({ voteId }) => voteId,
    (vote) => Votes.encode(vote).finish(),
  );

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  async read(): Promise<Vote[]> {
    const changed: Vote[] = [];
    for await (const votes of this.#pages(0))
      changed.push(...votes.filter((vote) => this.#sent.isOther(vote)));
    return changed;
  }

  /** Marks the votes as of an event as shown. 0 for the present ones. */
  async know(atEvent: number): Promise<void> {
    for await (const votes of this.#pages(atEvent)) for (const vote of votes) this.#sent.markSent(vote);
  }

  reset(): void {
    this.#sent.clear();
  }

  async *#pages(atEvent: number): AsyncGenerator<readonly Vote[], void> {
    const { dependencies, missionId, context } = this.#watched;
    for (let from = 0; ; from += page) {
      const call = { query: showVotes, body: { openOnly: false, voteIds: [], from, size: page }, atEvent };
      const { votes, isMore } = await queryMission(dependencies, missionId, call, context);
      yield votes;
      if (!isMore) return;
    }
  }
}

export class ChangedEntries {
  readonly #watched: Watched;
  readonly #prefixes: readonly string[];
  /** Number of the last seen change. 0 for none: then the whole state is sent first. */
  #after: number;

  constructor(watched: Watched, prefixes: readonly string[], after = 0) {
    this.#watched = watched;
    this.#prefixes = prefixes;
    this.#after = after;
  }

  get after(): number {
    return this.#after;
  }

  /**
   * Continues after a change. Returns false if the whole state must be sent, because later changes are
   * unknown.
   */
  async resume(after: number): Promise<boolean> {
    const { dependencies, missionId, context } = this.#watched;
    const call = { query: changedEntries, body: { afterNumber: after, prefixes: [], size: 1 } };
    const { isKnown } = await queryMission(dependencies, missionId, call, context);
    this.#after = isKnown ? after : 0;
    return isKnown;
  }

  /** Sends the whole state again. */
  startOver(): void {
    this.#after = 0;
  }

  async read(): Promise<BoardEntry[]> {
    const { dependencies, missionId, context } = this.#watched;
    if (this.#after === 0) return this.#readAll(false);
    const changed: BoardEntry[] = [];
    for (;;) {
      const body = { afterNumber: this.#after, prefixes: this.#prefixes, size: page };
      const call = { query: changedEntries, body };
      const { entries, number, isKnown } = await queryMission(dependencies, missionId, call, context);
      // A watcher that saw earlier agents must learn of the removed ones.
      if (!isKnown) return this.#readAll(true);
      changed.push(...entries);
      const isLast = number === this.#after || entries.length < page;
      this.#after = number;
      if (isLast) return changed;
    }
  }

  /** Returns all entries, because the changes are unknown. */
  async #readAll(withRemoved: boolean): Promise<BoardEntry[]> {
    const { dependencies, missionId, context } = this.#watched;
    const all = new Map<string, BoardEntry>();
    let first: number | undefined;
    for (const prefix of this.#prefixes)
      for (let afterKey = ""; ; ) {
        const call = { query: listEntries, body: { prefix, afterKey, size: page, withRemoved } };
        const { entries, isMore, number } = await queryMission(dependencies, missionId, call, context);
        for (const entry of entries) all.set(entry.key, entry);
        afterKey = entries.at(-1)?.key ?? "";
        // A change during the read is sent again.
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

  resume(after: number): void {
    this.#after = after;
  }

  async read(): Promise<MissionMessage[]> {
    const { dependencies, missionId, context } = this.#watched;
    const found: MissionMessage[] = [];
    for (;;) {
      const body = { agentId: this.#agentId, afterNumber: this.#after, taskId: "", size: page };
      const { messages, number } = await queryMission(
        dependencies,
        missionId,
        { query: showMessages, body },
        context,
      );
      found.push(...messages);
      const isLast = number === this.#after || messages.length < page;
      this.#after = number;
      if (isLast) return found;
    }
  }
}
