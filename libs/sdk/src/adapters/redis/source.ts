/**
 * A source that starts runs of entries of a stream, members of a list or messages of a channel.
 *
 * 1. The id of a run is derived from the id that Redis gave to the entry.
 * 2. An entry is acknowledged after the platform has its run. If a process dies before the acknowledgement, another
 *    process claims the entry after `claimMs`.
 * 3. Members of a list and messages of a channel have no id, so they first become entries of a stream. A member is moved
 *    there in one atomic step. Such an entry is deleted when it is acknowledged.
 * 4. An entry that cannot start a run is moved to the stream of failures, with the reason, in the same step as its
 *    acknowledgement.
 */
import { systemClock } from "@tutti/kernel";
import { type OptionNames, requireKnown } from "../../options.ts";
import type { AdapterCall } from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import {
  type Caller,
  type Source,
  type SourceRunOptions,
  type SourceStart,
  sourceOf,
  startedBy,
} from "../source.ts";
import { entryOf, type RedisEntry } from "./command.ts";
import {
  connectionOptionNames,
  type RedisConnectionOptions,
  RedisConnections,
  type Send,
} from "./connection.ts";
import { Script } from "./redis.ts";

export interface RedisSourceOptions extends RedisConnectionOptions {
  /** The first part of the ids of its runs. Also the name of its adapter. */
  readonly name: string;
  /** Origin of the entries. The first member of a list is taken: producers use RPUSH. With `last`, they use LPUSH. */
  readonly from:
    | { readonly stream: string }
    | { readonly list: string; readonly take?: "first" | "last" }
    | { readonly channel: string };
  readonly start: (entry: RedisEntry) => SourceStart;
  /** Handling of stream entries after the start. Default: `keep`. */
  readonly afterStart?: "keep" | "delete";
  /** The group of consumers. Default: `tutti`. */
  readonly group?: string;
  /** The stream of entries that cannot start a run. Default: the stream of the entries with the suffix `:failed`. */
  readonly failures?: string;
  /** Entries per step. Default: 100. */
  readonly batch?: number;
  /** Time after which an entry that another process has read is claimed. Default: 15,000. */
  readonly claimMs?: number;
}

const defaults = { group: "tutti", batch: 100, claimMs: 15_000 };
const waitMs = 5_000;
const secondMs = 1_000;
/** One consumer name for all processes, because entries are claimed by age and not by owner. */
const consumer = "tutti";

const optionNames: OptionNames<RedisSourceOptions> = {
  ...connectionOptionNames,
  from: { stream: true, list: true, take: true, channel: true },
  start: true,
  afterStart: true,
  group: true,
  failures: true,
  batch: true,
  claimMs: true,
};

/** Returns a source of entries. As an adapter it has the operation `status`. Its check reads the stream. */
export function redisSource(options: RedisSourceOptions): Source {
  // Programs without types.
  if (options.from === undefined)
    throw adapterErrors.invalid({
      adapter: options.name,
      problem: "expected `from` with `stream`, `list` or `channel`, got none",
    });
  requireKnown("redisSource", options, optionNames);
  const connections = new RedisConnections(options);
  const stream = streamOf(options);
  const { name, group = defaults.group, failures = `${stream}:failed` } = options;
  const status = (call: AdapterCall) =>
    connections.use(name, call, (send) => statusOf(send, { stream, group, failures }, options));
  return sourceOf({
    name,
    kind: "redis-source",
    status,
    description: "Counts entries: waiting, started and not acknowledged, failed.",
    close: () => connections.close(),
    sessions: (runOptions) => (caller, well) =>
      new RedisSession(options, { stream, group, failures }, runOptions.tutti).work(
        connections,
        caller,
        well,
      ),
  });
}

interface Names {
  readonly stream: string;
  readonly group: string;
  readonly failures: string;
}

function streamOf({ name, from }: RedisSourceOptions): string {
  if ("stream" in from) return from.stream;
  return "list" in from ? `${from.list}:${name}` : `${from.channel}:${name}`;
}

/** Moves members of a list to the stream. */
const moving = new Script(`
local moved = 0
while moved < tonumber(ARGV[2]) do
  local value = redis.call(ARGV[1], KEYS[1])
  if not value then break end
  redis.call('XADD', KEYS[2], '*', 'value', value)
  moved = moved + 1
end
return moved`);

/** Acknowledges entries: pairs of an id and a reason, which is empty if its run has started. */
const settling = new Script(`
for at = 3, #ARGV, 2 do
  local id, reason = ARGV[at], ARGV[at + 1]
  if redis.call('XACK', KEYS[1], ARGV[1], id) == 1 then
    if reason ~= '' then
      local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
      local fields = entry and entry[2] or {}
      for _, word in ipairs({'tutti-id', id, 'tutti-failure', reason}) do table.insert(fields, word) end
      redis.call('XADD', KEYS[2], '*', unpack(fields))
    end
    if ARGV[2] == 'delete' then redis.call('XDEL', KEYS[1], id) end
  end
end
return 0`);

class RedisSession {
  readonly #options: RedisSourceOptions;
  readonly #names: Names;
  readonly #tutti: SourceRunOptions["tutti"];
  #claimedMs = Number.NEGATIVE_INFINITY;

  constructor(options: RedisSourceOptions, names: Names, tutti: SourceRunOptions["tutti"]) {
    this.#options = options;
    this.#names = names;
    this.#tutti = tutti;
  }

  async work(connections: RedisConnections, outerCaller: Caller, well: () => void): Promise<void> {
    const { name, from } = this.#options;
    const ended = new AbortController();
    const caller: Caller = {
      signal: AbortSignal.any([outerCaller.signal, ended.signal]),
      secret: outerCaller.secret,
    };
    // A connection that waits for entries cannot run other commands.
    const reader = await connections.dedicated(name, caller);
    const listener = "channel" in from ? await connections.dedicated(name, caller) : undefined;
    try {
      await this.#createGroup(reader.send);
      if (listener !== undefined && "channel" in from)
        await listener.subscribe(from.channel, (message) => {
          const add = ["XADD", this.#names.stream, "*", "value", message];
          connections.use(name, caller, (send) => send(add)).catch((error: unknown) => ended.abort(error));
        });
      for (;;) {
        caller.signal.throwIfAborted();
        await this.#handle(reader.send, await this.#next(reader.send));
        well();
      }
    } finally {
      ended.abort();
      reader.close();
      listener?.close();
    }
  }

  async #createGroup(send: Send): Promise<void> {
    const { stream, group } = this.#names;
    try {
      await send(["XGROUP", "CREATE", stream, group, "0", "MKSTREAM"]);
    } catch (error) {
      // The group already exists.
      if (!(error instanceof Error) || !error.message.includes("BUSYGROUP")) throw error;
    }
  }

  /** Returns the next entries. Entries of dead processes come first, at most once in `claimMs`. */
  async #next(send: Send): Promise<readonly RedisEntry[]> {
    const { claimMs = defaults.claimMs, batch = defaults.batch, from } = this.#options;
    const { stream, group } = this.#names;
    if (systemClock.monotonic() - this.#claimedMs >= claimMs) {
      const entries = await this.#claim(send, claimMs, batch);
      if (entries.length > 0) return entries;
      this.#claimedMs = systemClock.monotonic();
    }
    const isList = "list" in from;
    if (isList) await this.#move(send, from, batch);
    const wait = isList ? [] : ["BLOCK", String(waitMs)];
    const count = ["COUNT", String(batch), ...wait];
    const read = ["XREADGROUP", "GROUP", group, consumer, ...count, "STREAMS", stream, ">"];
    const reply = (await send(read)) as readonly [string, readonly unknown[]][] | null;
    const entries = (reply?.[0]?.[1] ?? []).map(entryOf);
    if (isList && entries.length === 0) await this.#waitFor(send, from);
    return entries;
  }

  async #claim(send: Send, claimMs: number, batch: number): Promise<readonly RedisEntry[]> {
    const { stream, group } = this.#names;
    let cursor = "0";
    do {
      const command = [
        "XAUTOCLAIM",
        stream,
        group,
        consumer,
        String(claimMs),
        cursor,
        "COUNT",
        String(batch),
      ];
      const [next, claimed] = (await send(command)) as readonly [string, readonly unknown[]];
      // Deleted entries are returned as null.
      const entries = claimed.filter((each) => each !== null).map(entryOf);
      if (entries.length > 0) return entries;
      cursor = next;
    } while (cursor !== "0-0");
    return [];
  }

  async #move(send: Send, { list, take }: ListPlace, batch: number): Promise<void> {
    const pop = take === "last" ? "RPOP" : "LPOP";
    await moving.run(send, [list, this.#names.stream], [pop, String(batch)]);
  }

  /** Waits while the list is empty. Takes a member and puts it back in its place, so the list does not change. */
  async #waitFor(send: Send, { list, take }: ListPlace): Promise<void> {
    const end = take === "last" ? "RIGHT" : "LEFT";
    await send(["BLMOVE", list, list, end, end, String(waitMs / secondMs)]);
  }

  async #handle(send: Send, entries: readonly RedisEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const { name, from, start, afterStart = "keep" } = this.#options;
    const { stream, group, failures } = this.#names;
    const settled: string[] = [];
    let interruption: unknown;
    await Promise.all(
      entries.map(async (entry) => {
        try {
          const failure = await startedBy(this.#tutti, `${name}-${entry.id}`, () => start(entry));
          settled.push(entry.id, failure ?? "");
        } catch (error) {
          interruption = error;
        }
      }),
    );
    const after = "stream" in from ? afterStart : "delete";
    if (settled.length > 0) await settling.run(send, [stream, failures], [group, after, ...settled]);
    if (interruption !== undefined) throw interruption;
  }
}

interface ListPlace {
  readonly list: string;
  readonly take?: "first" | "last";
}

async function statusOf(
  send: Send,
  { stream, group, failures }: Names,
  { name, from }: RedisSourceOptions,
): Promise<{ readonly waiting: number; readonly pending: number; readonly failed: number }> {
  const kind = String(await send(["TYPE", stream]));
  if (kind !== "stream" && kind !== "none")
    throw adapterErrors.refused({ operation: name, reason: `\`${stream}\` is a ${kind} and no stream` });
  const groups = kind === "none" ? [] : ((await send(["XINFO", "GROUPS", stream])) as readonly unknown[][]);
  const found = groups.map((fields) => new Map(pairsOf(fields))).find((each) => each.get("name") === group);
  const members = "list" in from ? Number(await send(["LLEN", from.list])) : 0;
  const entries = Number(await send(["XLEN", stream]));
  const pending = Number(found?.get("pending") ?? 0);
  // Without the group, no entry was read. Without a lag, handled entries were deleted.
  const unread = found === undefined ? entries : (found.get("lag") ?? entries - pending);
  return { waiting: Number(unread) + members, pending, failed: Number(await send(["XLEN", failures])) };
}

function pairsOf(fields: readonly unknown[]): [string, unknown][] {
  return Array.from({ length: fields.length / 2 }, (_, at) => [String(fields[at * 2]), fields[at * 2 + 1]]);
}
