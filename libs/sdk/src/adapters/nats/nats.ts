/**
 * Subjects of NATS as operations.
 *
 * 1. A message is published to a stream, which confirms it. It has the idempotency key as `Nats-Msg-Id`, so the stream
 *    drops a duplicate within its deduplication window.
 * 2. A value of the input becomes one word of the subject, so it cannot reach other subjects.
 */
import type { MsgHdrs } from "@nats-io/transport-node";
import { type OptionNames, requireKnown, requireKnownEach } from "../../options.ts";
import type { JsonSchema } from "../../task/handlers.ts";
import {
  type Adapter,
  type AdapterCall,
  type AdapterOperation,
  type RateLimit,
  type Repeat,
  rateNames,
} from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import {
  connectionOptionNames,
  type NatsConnectionOptions,
  NatsConnections,
  type Opened,
} from "./connection.ts";

export interface NatsOperation {
  /** `orders.{id}.created`: `{id}` is the member `id` of the input. */
  readonly subject: string;
  /** `publish` sends a message to a stream. `request` waits for the reply of a service. Default: `publish`. */
  readonly does?: "publish" | "request";
  readonly description?: string;
  /** Default: an object with the members of the subject, `data` and `headers`. */
  readonly input?: JsonSchema;
  readonly output?: JsonSchema;
  /** Effect of a second request. With `key`, the service recognizes the header `Nats-Msg-Id`. Default: `never`. */
  readonly repeat?: Repeat;
}

export interface NatsAdapterOptions extends NatsConnectionOptions {
  /** Default: `publish` and `request`, with `subject` in their input. */
  readonly operations?: Readonly<Record<string, NatsOperation>>;
  readonly rate?: RateLimit;
}

type Input = Readonly<Record<string, unknown>>;

const usual: Readonly<Record<string, NatsOperation>> = {
  publish: { subject: "{subject}", description: "Publishes a message into a stream." },
  request: {
    subject: "{subject}",
    does: "request",
    description: "Sends a request to a service and waits for its reply.",
  },
};
const replyMaxMs = 30_000;
const serverErrorFrom = 500;
const parameter = /\{(\w+)\}/g;

const optionNames: OptionNames<NatsAdapterOptions> = {
  ...connectionOptionNames,
  operations: true,
  rate: rateNames,
};
const operationOptionNames: OptionNames<NatsOperation> = {
  subject: true,
  does: true,
  description: true,
  input: true,
  output: true,
  repeat: true,
};

export function natsAdapter(options: NatsAdapterOptions): Adapter {
  requireKnown("natsAdapter", options, optionNames);
  requireKnownEach(options.name, options.operations, operationOptionNames);
  const connections = new NatsConnections(options);
  const { name: adapter, operations = usual, rate } = options;
  const declared = Object.entries(operations);
  return {
    name: adapter,
    kind: "nats",
    operations: Object.fromEntries(
      declared.map(([name, spec]) => [name, operationOf(`${adapter}.${name}`, spec, connections)]),
    ),
    ...(rate !== undefined && { rate }),
    check: (call) =>
      connections.use(adapter, call, async (opened) => {
        for (const [name, { subject, does }] of declared)
          if (does !== "request" && !isSingleParameter(subject))
            await requireStream(`${adapter}.${name}`, subject, opened);
      }),
    close: () => connections.close(),
  };
}

function operationOf(operation: string, spec: NatsOperation, connections: NatsConnections): AdapterOperation {
  const { subject, does = "publish", description, output, repeat } = spec;
  const names = [...new Set([...subject.matchAll(parameter)].map(([, name = ""]) => name))];
  const input = spec.input ?? {
    type: "object",
    required: names,
    properties: { headers: { type: "object" } },
  };
  return {
    input,
    repeat: does === "publish" ? "key" : (repeat ?? "never"),
    ...(description !== undefined && { description }),
    ...(output !== undefined && { output }),
    call: (input, call) =>
      connections.use(operation, call, (opened) => {
        const to = subjectOf(operation, subject, input);
        return does === "publish"
          ? published(opened, to, input, call)
          : replyOf(opened, operation, to, input, call, repeat ?? "never");
      }),
  };
}

async function published({ stream, ...opened }: Opened, subject: string, input: Input, call: AdapterCall) {
  const { stream: name, seq } = await stream.publish(subject, payloadOf(input["data"]), {
    msgID: call.idempotencyKey,
    headers: headersOf(opened, input),
  });
  // Does not contain the duplicate flag, so the output of a second attempt equals the first.
  return { stream: name, seq };
}

async function replyOf(
  { client, ...opened }: Opened,
  operation: string,
  subject: string,
  input: Input,
  { idempotencyKey, remainingMs = replyMaxMs }: AdapterCall,
  repeat: Repeat,
): Promise<unknown> {
  const headers = headersOf(opened, input);
  headers.set("Nats-Msg-Id", idempotencyKey);
  let reply: Awaited<ReturnType<typeof client.request>>;
  try {
    const timeout = Math.max(1, Math.min(remainingMs, replyMaxMs));
    reply = await client.request(subject, payloadOf(input["data"]), { timeout, headers });
  } catch (error) {
    // Without a service, the request had no effect.
    if (repeat !== "never" || isOf(error, "NoResponders")) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw adapterErrors.outcomeUnknown({ operation, reason });
  }
  const code = reply.headers?.get("Nats-Service-Error-Code") ?? "";
  if (code !== "") {
    const details = { operation, reason: `${reply.headers?.get("Nats-Service-Error")} (${code})` };
    throw Number(code) >= serverErrorFrom ? adapterErrors.failed(details) : adapterErrors.refused(details);
  }
  const text = new TextDecoder().decode(reply.data);
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return text;
  }
}

async function requireStream(operation: string, subject: string, { manager }: Opened): Promise<void> {
  const pattern = subject.replace(parameter, "*");
  try {
    await manager.streams.find(pattern);
  } catch (error) {
    if (!isOf(error, "StreamNotFoundError") && !/no stream matches/.test(String(error))) throw error;
    throw adapterErrors.refused({ operation, reason: `no stream takes the subject \`${pattern}\`` });
  }
}

function isSingleParameter(subject: string): boolean {
  return /^\{\w+\}$/.test(subject);
}

/** Fills the subject. If the whole subject is one parameter, its value may have several words. */
function subjectOf(operation: string, subject: string, input: Input): string {
  const form = isSingleParameter(subject) ? /^[^\s*>]+$/ : /^[^\s.*>]+$/;
  return subject.replace(parameter, (_match, name: string) => {
    const value = String(input[name]);
    if (form.test(value)) return value;
    throw adapterErrors.inputInvalid({ operation, reason: `\`${name}\` is no word of a subject` });
  });
}

function payloadOf(data: unknown): string {
  if (data === undefined) return "";
  return typeof data === "string" ? data : JSON.stringify(data);
}

function headersOf({ transport }: Pick<Opened, "transport">, input: Input): MsgHdrs {
  const headers = transport.headers();
  // The schema requires an object.
  for (const [name, value] of Object.entries((input["headers"] ?? {}) as object))
    headers.set(name, String(value));
  return headers;
}

function isOf(error: unknown, name: string): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === name || isOf(error.cause, name);
}
