/**
 * A queue in Redis whose messages are moved.
 *
 * 1. A message is read in its place. A script takes it, if it is still there, and holds it in a hash next to the queue.
 * 2. Places are read from the end at which workers take, past the messages that stay. A pass without a taken message is
 *    the last.
 */
import { type RedisConnectionOptions, RedisConnections, type Send } from "../redis/connection.ts";
import type { Script } from "../redis/redis.ts";
import type { Caller } from "../source.ts";
import type { Choice, Held, MovedQueue, Reading, Settled } from "./move.ts";

export interface Place {
  readonly key: string;
  /** Workers take from the end of a list, and from the start of a sorted set. */
  readonly type: "list" | "zset";
}

export interface RedisQueueFormat {
  /** Hash of held messages. The hash of reasons has the suffix `:failed`. */
  readonly heldHash: string;
  readonly places: readonly Place[];
  /**
   * Takes ARGV[1] from the place KEYS[1] and holds it as ARGV[2] in the hash KEYS[2]. Returns the held value, or nothing if
   * the place does not have the message.
   */
  readonly claimScript: Script;
  /** Further arguments of the script. */
  readonly arguments?: readonly string[];
  /** Returns the field in the hash. */
  keyOf(member: string): string;
  /** Returns the value that the script would hold. */
  peek(send: Send, place: Place, member: string): Promise<string | undefined>;
  read(text: string): Reading;
  /** Counts messages in other places. */
  countOtherPlaces(send: Send, choice: Choice): Promise<void>;
}

const batch = 100;

export function redisQueue(options: RedisConnectionOptions, format: RedisQueueFormat): MovedQueue {
  const connections = new RedisConnections(options);
  const useFor =
    (caller: Caller): Use =>
    (work) =>
      connections.use(options.name, caller, work);
  return {
    take: (caller, choice) => claimBatches(format, useFor(caller), choice),
    settle: (caller, settled) => useFor(caller)((send) => settle(format, send, settled)),
    preview: (caller, choice) => preview(format, useFor(caller), choice),
    close: () => connections.close(),
  };
}

type Use = <T>(work: (send: Send) => Promise<T>) => Promise<T>;

async function* claimBatches(
  format: RedisQueueFormat,
  use: Use,
  choice: Choice,
): AsyncGenerator<readonly Held[], void, void> {
  for await (const page of heldMessages(format, use)) yield page;
  for (let claimed = -1; claimed !== 0; ) {
    claimed = 0;
    choice.restart();
    for (const place of format.places) {
      let skipped = 0;
      for (;;) {
        const members = await use((send) => membersOf(send, place, skipped));
        if (members.length === 0) break;
        const selected = await use((send) => selectMembers(format, send, { place, members, choice }));
        const messages = await use((send) => claimAll(format, send, place, selected));
        skipped += members.length - selected.length;
        claimed += messages.length;
        if (messages.length > 0) yield messages;
      }
    }
  }
  await use((send) => format.countOtherPlaces(send, choice));
}

async function preview(format: RedisQueueFormat, use: Use, choice: Choice): Promise<void> {
  for await (const page of heldMessages(format, use)) for (const { reading } of page) choice.accepts(reading);
  for (const place of format.places) {
    for (let read = 0; ; read += batch) {
      const members = await use((send) => membersOf(send, place, read));
      if (members.length === 0) break;
      await use((send) => selectMembers(format, send, { place, members, choice }));
    }
  }
  await use((send) => format.countOtherPlaces(send, choice));
}

/** Yields messages held by an earlier move. A field may occur twice, which starts the same run. */
async function* heldMessages({ heldHash, read }: RedisQueueFormat, use: Use) {
  let cursor = "0";
  do {
    const command = ["HSCAN", heldHash, cursor, "COUNT", String(batch)];
    const [next, pairs] = (await use((send) => send(command))) as readonly [string, readonly string[]];
    cursor = next;
    const page = Array.from({ length: pairs.length / 2 }, (_, at) => ({
      key: pairs[at * 2] ?? "",
      reading: read(pairs[at * 2 + 1] ?? ""),
    }));
    if (page.length > 0) yield page;
  } while (cursor !== "0");
}

/** Returns the next members after the members that stay. */
async function membersOf(send: Send, { key, type }: Place, skipped: number): Promise<readonly string[]> {
  const [from, to] = [skipped, skipped + batch - 1];
  if (type === "zset") return (await send(["ZRANGE", key, String(from), String(to)])) as readonly string[];
  const members = await send(["LRANGE", key, String(-1 - to), String(-1 - from)]);
  return (members as readonly string[]).toReversed();
}

interface Page {
  readonly place: Place;
  readonly members: readonly string[];
  readonly choice: Choice;
}

/** Returns the members to move. A removed member counts as one, because it does not stay. */
async function selectMembers(
  { peek, read }: RedisQueueFormat,
  send: Send,
  { place, members, choice }: Page,
): Promise<readonly string[]> {
  const texts = await Promise.all(members.map((member) => peek(send, place, member)));
  return members.filter((_, at) => {
    const text = texts[at];
    return text === undefined || choice.accepts(read(text));
  });
}

async function claimAll(
  { heldHash, claimScript, keyOf, read, arguments: more = [] }: RedisQueueFormat,
  send: Send,
  { key: place }: Place,
  members: readonly string[],
): Promise<readonly Held[]> {
  const messages = await Promise.all(
    members.map(async (member) => {
      const key = keyOf(member);
      const text = await claimScript.run(send, [place, heldHash], [member, key, ...more]);
      return typeof text === "string" ? [{ key, reading: read(text) }] : [];
    }),
  );
  return messages.flat();
}

async function settle(
  { heldHash }: RedisQueueFormat,
  send: Send,
  settled: readonly Settled[],
): Promise<void> {
  const failures = `${heldHash}:failed`;
  const started = settled.flatMap(({ key, failure }) => (failure === undefined ? [key] : []));
  const failed = settled.flatMap(({ key, failure }) => (failure === undefined ? [] : [key, failure]));
  await Promise.all([
    started.length > 0 && send(["HDEL", heldHash, ...started]),
    started.length > 0 && send(["HDEL", failures, ...started]),
    failed.length > 0 && send(["HSET", failures, ...failed]),
  ]);
}
