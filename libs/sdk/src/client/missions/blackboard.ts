/** Shared knowledge of the agents of a mission: values by key, each with a version. */
import type { BoardEntry, EntryReceipt } from "@tutti/contracts/swarm/v1";
import { type OptionNames, requireKnown, wholeNumber } from "../../options.ts";
import { payloadOf, valueIn } from "../payloads.ts";
import { followed, type WatchOptions, watchNames } from "../work/followed.ts";
import { type IdempotencyOptions, idempotencyNames, pages } from "../work/paging.ts";
import type { BoardPlace, MissionParts } from "./parts.ts";

export interface Entry<Value = unknown> {
  readonly key: string;
  /** Undefined if the entry was removed. */
  readonly value: Value | undefined;
  /** Increases by one with each change of the key. */
  readonly version: number;
}

/** Result of a write: successful, or lost to another write, whose value it contains. */
export interface WriteResult<Value = unknown> {
  readonly written: boolean;
  readonly entry: Entry<Value> | undefined;
}

export interface WriteOptions extends IdempotencyOptions {
  /** Required version of the entry. 0: it must not exist. */
  readonly ifVersion?: number;
}

const writeNames: OptionNames<WriteOptions> = { ...idempotencyNames, ifVersion: wholeNumber(0) };

export class Blackboard {
  readonly #board: MissionParts["board"];
  readonly #ports: MissionParts["ports"];
  readonly #place: BoardPlace;

  constructor({ board, ports }: Pick<MissionParts, "board" | "ports">, place: BoardPlace) {
    this.#ports = ports;
    this.#board = board;
    this.#place = place;
  }

  /** Undefined if the key does not exist. */
  async get<Value = unknown>(key: string): Promise<Entry<Value> | undefined> {
    const { namespace, missionId } = this.#place;
    const { entries } = await this.#board.getEntries({ namespace, missionId, keys: [key] });
    const [entry] = entries;
    return entry && (entryOf(entry) as Entry<Value>);
  }

  /** Writes a value. With a version, only over that version. */
  async put<Value>(key: string, value: Value, options: WriteOptions = {}): Promise<WriteResult<Value>> {
    requireKnown("board.put", options, writeNames);
    const payload = payloadOf(value, key) ?? { body: undefined, mediaType: "" };
    return (await this.#write(key, payload, options)) as WriteResult<Value>;
  }

  /** Removes a key. With a version, only that version. */
  async remove(key: string, options: WriteOptions = {}): Promise<WriteResult> {
    requireKnown("board.remove", options, writeNames);
    return await this.#write(key, undefined, options);
  }

  /**
   * Updates a value from its current one. Repeated until no other write came first, so the function may be called
   * several times.
   *
   * @param change returns the new value for the current one. Undefined if there is none
   */
  async update<Value>(
    key: string,
    change: (value: Value | undefined) => Value | Promise<Value>,
  ): Promise<Entry<Value>> {
    for (let found = await this.get<Value>(key); ; ) {
      const value = await change(found?.value);
      const { written, entry } = await this.put(key, value, { ifVersion: found?.version ?? 0 });
      if (written && entry !== undefined) return entry;
      found = entry;
    }
  }

  /** Lists entries with this prefix, ordered by key. */
  list(prefix = ""): AsyncGenerator<Entry, void, void> {
    const { namespace, missionId } = this.#place;
    return pages(async (page) => {
      const reply = await this.#board.listEntries({ namespace, missionId, prefix, page });
      return { items: reply.entries.map(entryOf), token: reply.page?.nextToken };
    });
  }

  /** Yields the current entries, then every change, until the signal. A removed entry has no value. */
  async *watch(prefix = "", options: WatchOptions = {}): AsyncGenerator<Entry, void, void> {
    requireKnown("board.watch", options, watchNames);
    const { signal } = options;
    const { namespace, missionId } = this.#place;
    const open = (cursor: string) =>
      this.#board.watchEntries({ namespace, missionId, prefix, cursor }, { signal });
    for await (const { entries } of followed({ open, signal }, this.#ports)) yield* entries.map(entryOf);
  }

  async #write(
    key: string,
    value: ReturnType<typeof payloadOf>,
    { ifVersion, idempotencyKey = "" }: WriteOptions,
  ): Promise<WriteResult> {
    const { receipts } = await this.#board.putEntries({
      ...this.#place,
      writes: [{ key, value, ifVersion }],
      allOrNone: false,
      idempotencyKey,
    });
    return writtenOf(receipts[0]);
  }
}

function entryOf({ key, value, version }: BoardEntry): Entry {
  return { key, value: valueIn(value), version };
}

function writtenOf(receipt: EntryReceipt | undefined): WriteResult {
  const { written = false, entry } = receipt ?? {};
  return { written, entry: entry && entryOf(entry) };
}
