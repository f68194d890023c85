/** Jobs of BullMQ 4 and later: waiting, prioritized and delayed jobs. */
import type { SecretReference } from "../adapter.ts";
import type { Send } from "../redis/connection.ts";
import { Script } from "../redis/redis.ts";
import type { MovedQueue, Reading } from "./move.ts";
import { type Place, redisQueue } from "./redis-queue.ts";

export interface BullmqQueueOptions {
  readonly url: SecretReference;
  readonly name: string;
  /** The option `prefix` of the queue. Default: `bull`. */
  readonly keyPrefix?: string;
}

/**
 * Removes a job with its keys, as BullMQ does. A remaining deduplication key would refuse later jobs forever.
 *
 * The job is held as its score in the place, if there is one, and its fields.
 */
const claimScript = new Script(`
local id, prefix = ARGV[1], ARGV[3]
local job = prefix .. id
local score = false
if redis.call('TYPE', KEYS[1]).ok == 'zset' then
  score = redis.call('ZSCORE', KEYS[1], id)
  if redis.call('ZREM', KEYS[1], id) == 0 then return false end
elseif redis.call('LREM', KEYS[1], -1, id) == 0 then
  return false
end
local fields = redis.call('HGETALL', job)
local text = cjson.encode({id, KEYS[1], score, fields})
redis.call('HSET', KEYS[2], ARGV[2], text)
local deduplication = redis.call('HGET', job, 'deid')
if deduplication and redis.call('GET', prefix .. 'de:' .. deduplication) == id then
  redis.call('DEL', prefix .. 'de:' .. deduplication, prefix .. 'dn:' .. deduplication)
end
redis.call('DEL', job, job .. ':logs')
redis.call('XADD', prefix .. 'events', 'MAXLEN', '~', '10000', '*', 'event', 'removed', 'jobId', id, 'prev', 'wait')
return text`);

/** The score of a delayed job is its time, shifted left by 12 bits. */
const scoresPerMs = 4_096;
const priorityMax = 100;

export function bullmqQueue({ url, name, keyPrefix = "bull" }: BullmqQueueOptions): MovedQueue {
  const prefix = `${keyPrefix}:${name}:`;
  const place = (key: string, type: Place["type"]): Place => ({ key: `${prefix}${key}`, type });
  const delayed = place("delayed", "zset");
  return redisQueue(
    { name, url },
    {
      heldHash: `${prefix}tutti`,
      places: [place("wait", "list"), place("paused", "list"), place("prioritized", "zset"), delayed],
      claimScript,
      arguments: [prefix],
      keyOf: (id) => id,
      read: (text) => readingOf(text, delayed.key),
      peek: (send, place, id) => peek(send, place, { prefix, id }),
      countOtherPlaces: async (send, choice) => {
        const count = async (...args: string[]) => Number(await send(args));
        choice.countSkipped("a worker has the job", await count("LLEN", `${prefix}active`));
        choice.countSkipped(
          "the job waits for its children",
          await count("ZCARD", `${prefix}waiting-children`),
        );
      },
    },
  );
}

async function peek(
  send: Send,
  { key, type }: Place,
  { prefix, id }: { readonly prefix: string; readonly id: string },
): Promise<string | undefined> {
  const job = `${prefix}${id}`;
  const [fields, children, score] = await Promise.all([
    send(["HGETALL", job]) as Promise<readonly string[]>,
    send(["EXISTS", `${job}:dependencies`, `${job}:processed`, `${job}:failed`, `${job}:unsuccessful`]),
    type === "zset" ? send(["ZSCORE", key, id]) : false,
  ]);
  const ofFlow = Number(children) > 0 ? ["parentKey", "of a flow"] : [];
  return JSON.stringify([id, key, score, [...fields, ...ofFlow]]);
}

function readingOf(text: string, delayed: string): Reading {
  const [id, place, score, hash] = JSON.parse(text) as [string, string, string | false, string[] | object];
  // A list without members is an object in the JSON of the script.
  const pairs = Array.isArray(hash) ? hash : [];
  const fields = new Map(
    Array.from({ length: pairs.length / 2 }, (_, at) => [pairs[at * 2] ?? "", pairs[at * 2 + 1] ?? ""]),
  );
  if (fields.size === 0) return "the job has no data: workers have removed it";
  if (fields.get("parentKey")) return "the job is part of a flow";
  if (fields.get("rjk")) return "the job is the next one of a job scheduler. Create a schedule";
  const priority = Number(fields.get("priority") ?? 0);
  return {
    id,
    name: fields.get("name") ?? "",
    input: JSON.parse(fields.get("data") ?? "null"),
    // In BullMQ, 1 is the highest priority. Jobs without a priority come first.
    ...(priority > 0 && { priority: -Math.min(priority, priorityMax) }),
    ...(place === delayed && score !== false && { startTime: new Date(Number(score) / scoresPerMs) }),
  };
}
