/**
 * Commands of a Redis server as operations.
 *
 * 1. A writing command takes effect once for each task. One script calls it and stores its reply under a marker, by the
 *    idempotency key. A second attempt gets the stored reply. A crash of the server loses both or none.
 * 2. Values are separate words. No part of the input becomes a command, except for members that the command spreads.
 */
import { createHash } from "node:crypto";
import { type OptionNames, requireKnown, requireKnownEach } from "../../options.ts";
import type { JsonSchema } from "../../task/handlers.ts";
import { type Adapter, type AdapterOperation, type RateLimit, rateNames } from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import { type Command, commandOf, filled, outputOf, writes } from "./command.ts";
import {
  connectionOptionNames,
  type RedisConnectionOptions,
  RedisConnections,
  type Send,
} from "./connection.ts";

export interface RedisOperation {
  /** `SET order:{id} {state}`: `{id}` is the member `id` of the input. `{...fields}` are all members of `fields`. */
  readonly command: string;
  readonly description?: string;
  readonly input?: JsonSchema;
  readonly output?: JsonSchema;
  /** Default: false for commands that only read, such as GET, else true. */
  readonly writes?: boolean;
}

export interface RedisAdapterOptions extends RedisConnectionOptions {
  /** Default: `get`, `set`, `delete`, `push`, `pop`, `add` to a stream and `publish`. */
  readonly operations?: Readonly<Record<string, RedisOperation>>;
  readonly rate?: RateLimit;
  /** How long the reply of a writing command is kept for a second attempt. Default: 604,800,000 (7 days). */
  readonly keptMs?: number;
}

const usual: Readonly<Record<string, RedisOperation>> = {
  get: { command: "GET {key}", description: "Reads the value of a key." },
  set: { command: "SET {key} {value}", description: "Sets the value of a key." },
  delete: { command: "DEL {key}", description: "Deletes a key." },
  push: { command: "RPUSH {list} {value}", description: "Appends a value to a list." },
  pop: { command: "LPOP {list}", description: "Removes and returns the first value of a list." },
  add: { command: "XADD {stream} * {...fields}", description: "Adds an entry to a stream." },
  publish: { command: "PUBLISH {channel} {message}", description: "Publishes a message on a channel." },
};
const keptMsDefault = 604_800_000;

const optionNames: OptionNames<RedisAdapterOptions> = {
  ...connectionOptionNames,
  operations: true,
  rate: rateNames,
  keptMs: true,
};
const operationOptionNames: OptionNames<RedisOperation> = {
  command: true,
  description: true,
  input: true,
  output: true,
  writes: true,
};

export function redisAdapter(options: RedisAdapterOptions): Adapter {
  requireKnown("redisAdapter", options, optionNames);
  const { name: adapter, operations = usual, rate } = options;
  requireKnownEach(adapter, operations, operationOptionNames);
  for (const [name, { command }] of Object.entries(operations))
    if (typeof command !== "string") {
      const problem = `\`command\` of \`${name}\` is not a text, such as \`GET {key}\``;
      throw adapterErrors.invalid({ adapter, problem });
    }
  const connections = new RedisConnections(options);
  const declared = Object.entries(operations);
  return {
    name: adapter,
    kind: "redis",
    operations: Object.fromEntries(
      declared.map(([name, spec]) => [name, operationOf(`${adapter}.${name}`, spec, connections, options)]),
    ),
    ...(rate !== undefined && { rate }),
    check: (call) =>
      connections.use(adapter, call, async (send) => {
        for (const [name, spec] of declared) await checked(`${adapter}.${name}`, spec, send);
      }),
    close: () => connections.close(),
  };
}

function operationOf(
  operation: string,
  spec: RedisOperation,
  connections: RedisConnections,
  { keptMs = keptMsDefault }: RedisAdapterOptions,
): AdapterOperation {
  const command = commandOf(spec.command);
  const { description, output, input = { type: "object", required: [...command.names] } } = spec;
  const isWriting = spec.writes ?? writes(command);
  return {
    input,
    repeat: isWriting ? "key" : "safe",
    ...(description !== undefined && { description }),
    ...(output !== undefined && { output }),
    call: async (input, call) => {
      const args = filled(operation, command, input);
      const reply = await connections.use(operation, call, (send) =>
        isWriting ? runOnce(send, `tutti:${operation} ${call.idempotencyKey}`, keptMs, args) : send(args),
      );
      return outputOf(command, reply);
    },
  };
}

/**
 * The marker is set first. If memory is exhausted, the marker is refused before the command runs. After its first write,
 * no further write of a script is refused. MessagePack keeps integers and bytes as they are.
 */
const script = `
local kept = redis.call('GET', KEYS[1])
if kept then return cmsgpack.unpack(kept) end
redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
local reply = redis.pcall(unpack(ARGV, 2))
if type(reply) == 'table' and reply.err then
  redis.call('DEL', KEYS[1])
  return reply
end
redis.call('SET', KEYS[1], cmsgpack.pack(reply), 'PX', ARGV[1])
return reply`;

/** A script, called by its digest if the server knows it. The server loses scripts when it restarts. */
export class Script {
  readonly #text: string;
  readonly #digest: string;

  constructor(text: string) {
    this.#text = text;
    this.#digest = createHash("sha1").update(text).digest("hex");
  }

  async run(send: Send, keys: readonly string[], values: readonly string[]): Promise<unknown> {
    const args = [String(keys.length), ...keys, ...values];
    try {
      return await send(["EVALSHA", this.#digest, ...args]);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes("NOSCRIPT")) throw error;
      return send(["EVAL", this.#text, ...args]);
    }
  }
}

const runOnceScript = new Script(script);

function runOnce(send: Send, key: string, keptMs: number, args: readonly string[]): Promise<unknown> {
  return runOnceScript.run(send, [key], [String(keptMs), ...args]);
}

/** Checks a command against the server's own list of commands. */
async function checked(operation: string, spec: RedisOperation, send: Send): Promise<void> {
  const command: Command = commandOf(spec.command);
  const refuse = (reason: string) => {
    throw adapterErrors.refused({ operation, reason });
  };
  const [about] = (await send(["COMMAND", "INFO", command.name])) as readonly unknown[];
  if (!Array.isArray(about)) return refuse(`the server has no command ${command.name}`);
  const flags: readonly unknown[] = Array.isArray(about[2]) ? about[2] : [];
  const isWriting = spec.writes ?? writes(command);
  if (isWriting && flags.includes("noscript"))
    refuse(`${command.name} cannot run in a script, which is required for it to take effect once`);
  if (!isWriting && flags.includes("write")) refuse(`${command.name} writes: remove \`writes: false\``);
}
