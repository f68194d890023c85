/** Commands of Redis with parameters, and replies as JSON. */
import { adapterErrors } from "../errors.ts";

type Input = Readonly<Record<string, unknown>>;

/** A command as words. `{name}` is the member `name` of the input. `{...name}` are all members of `name`. */
export interface Command {
  /** Name in upper case. */
  readonly name: string;
  readonly args: readonly string[];
  readonly names: readonly string[];
}

const spread = /^\{\.\.\.(\w+)\}$/;
const parameters = /\{(?:\.\.\.)?(\w+)\}/g;

/** Commands that only read. All other commands count as writes. */
const readers =
  /^(GET|MGET|STRLEN|GETRANGE|EXISTS|P?TTL|P?EXPIRETIME|TYPE|KEYS|SCAN|DBSIZE|PING|TIME|INFO|BITCOUNT|BITPOS|GETBIT|PFCOUNT|HGET|HMGET|HGETALL|HKEYS|HVALS|HLEN|HEXISTS|HSTRLEN|HSCAN|LRANGE|LLEN|LINDEX|LPOS|SMEMBERS|SISMEMBER|SMISMEMBER|SCARD|SSCAN|S(INTER|UNION|DIFF)|SINTERCARD|ZRANGE|Z(REV)?RANGEBY(SCORE|LEX)|ZREVRANGE|ZSCORE|ZMSCORE|Z(REV)?RANK|ZCARD|ZCOUNT|ZLEXCOUNT|ZSCAN|XLEN|X(REV)?RANGE|XPENDING|XINFO|GEODIST|GEOPOS|GEOHASH|GEOSEARCH)$/;

/** Splits a command into words before values are filled in, so that no value of the input adds a word. */
export function commandOf(text: string): Command {
  const args = text.trim().split(/\s+/);
  const names = [...new Set([...text.matchAll(parameters)].map(([, name = ""]) => name))];
  return { name: (args[0] ?? "").toUpperCase(), args, names };
}

export function writes({ name }: Command): boolean {
  return !readers.test(name);
}

/** Returns the words with the values of the input. */
export function filled(operation: string, { args }: Command, input: Input): string[] {
  const member = (name: string): unknown => {
    const value = input[name];
    if (value !== undefined && value !== null) return value;
    throw adapterErrors.inputInvalid({ operation, reason: `\`${name}\` of the command is missing` });
  };
  return args.flatMap((arg) => {
    const [, all] = spread.exec(arg) ?? [];
    if (all !== undefined) return spreadOf(operation, all, member(all));
    return [arg.replace(parameters, (_match, name: string) => textOf(member(name)))];
  });
}

function spreadOf(operation: string, name: string, value: unknown): readonly string[] {
  const isObject = typeof value === "object" && value !== null;
  const items = Array.isArray(value) ? value : isObject ? Object.entries(value).flat() : [value];
  if (items.length > 0) return items.map(textOf);
  throw adapterErrors.inputInvalid({ operation, reason: `\`${name}\` of the command is empty` });
}

/** Converts a value to text. Redis only has texts, so an object or a list is JSON. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Converts a reply to an output. Pairs become objects. Replies of a second attempt get the same form. */
export function outputOf({ name }: Command, reply: unknown): unknown {
  if (name === "HGETALL" && Array.isArray(reply)) return pairsOf(reply);
  if (/^X(REV)?RANGE$/.test(name) && Array.isArray(reply)) return reply.map(entryOf);
  return reply ?? null;
}

export interface RedisEntry {
  /** Id of a stream entry: milliseconds and a number, such as `1764123456789-0`. */
  readonly id: string;
  /** Fields. A member of a list, or a message of a channel, is the field `value`. */
  readonly fields: Readonly<Record<string, string>>;
}

export function entryOf(reply: unknown): RedisEntry {
  // A stream always replies in this form.
  const [id, pairs] = reply as readonly [string, readonly string[]];
  return { id, fields: pairsOf(pairs) };
}

function pairsOf(items: readonly unknown[]): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (let at = 0; at + 1 < items.length; at += 2) pairs[String(items[at])] = String(items[at + 1]);
  return pairs;
}
