/** Messages of Celery with Redis as its broker, task protocol 2. */
import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import type { SecretReference } from "../adapter.ts";
import { Script } from "../redis/redis.ts";
import type { MovedQueue, Reading } from "./move.ts";
import { redisQueue } from "./redis-queue.ts";

export interface CeleryQueueOptions {
  readonly url: SecretReference;
  readonly name: string;
}

const claimScript = new Script(`
if redis.call('LREM', KEYS[1], -1, ARGV[1]) == 0 then return false end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[1])
return ARGV[1]`);

/** Suffixes of the lists of the priorities, 0 first. The list of priority 0 has the name of the queue. */
const priorities = ["", "\u0006\u00163", "\u0006\u00166", "\u0006\u00169"];

export function celeryQueue({ url, name }: CeleryQueueOptions): MovedQueue {
  return redisQueue(
    { name, url },
    {
      heldHash: `${name}:tutti`,
      places: priorities.map((priority) => ({ key: `${name}${priority}`, type: "list" })),
      claimScript,
      keyOf: (message) => createHash("sha1").update(message).digest("hex"),
      peek: async (_send, _place, message) => message,
      read: readingOf,
      countOtherPlaces: async (send, choice) =>
        choice.countSkipped("a worker has reserved the message", Number(await send(["HLEN", "unacked"]))),
    },
  );
}

const bodyBytesMax = 16_777_216;

interface Message {
  readonly body?: string;
  readonly "content-type"?: string;
  readonly headers?: {
    readonly id?: string;
    readonly task?: string;
    readonly eta?: string | null;
    readonly expires?: string | null;
    readonly compression?: string;
  };
  readonly properties?: { readonly priority?: number; readonly body_encoding?: string };
}

/** Embedded parts of a body that call other tasks. */
const calls = ["callbacks", "errbacks", "chain", "chord"];

function readingOf(text: string): Reading {
  try {
    const { body = "", headers = {}, properties = {}, ...message } = JSON.parse(text) as Message;
    const { id, task, eta, expires, compression } = headers;
    if (id === undefined || task === undefined) return "the message has no task protocol 2";
    if (message["content-type"] !== "application/json")
      return `the message is ${message["content-type"]} and not JSON`;
    if (expires != null) return "the message has a time of expiry";
    const bytes = Buffer.from(body, properties.body_encoding === "base64" ? "base64" : "utf8");
    if (compression !== undefined && compression !== "application/x-gzip")
      return `the message is compressed by ${compression}`;
    const json = (
      compression === undefined ? bytes : inflateSync(bytes, { maxOutputLength: bodyBytesMax })
    ).toString("utf8");
    const [args, kwargs, embedded] = JSON.parse(json) as [unknown, unknown, Record<string, unknown>];
    if (calls.some((call) => isSet(embedded[call])))
      return "the task calls others: a chain, chord or callback";
    const { priority = 0 } = properties;
    return {
      id,
      name: task,
      input: { args, kwargs },
      ...(priority > 0 && { priority: -priority }),
      ...(eta != null && { startTime: new Date(eta) }),
    };
  } catch {
    return "the message cannot be read";
  }
}

function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== null && value !== undefined;
}
