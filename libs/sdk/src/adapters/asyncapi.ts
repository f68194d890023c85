/**
 * Messages of an AsyncAPI document as operations. A task sends the messages that the described application receives.
 *
 * 1. Messages that the application sends are listed, so that a source can start runs of them.
 * 2. Channels of protocols without an adapter, and unreadable parts, are listed with the reason.
 */
import { isMembers, type Members, membersIn, textIn } from "../agents/models/wire.ts";
import { type OptionNames, requireKnown } from "../options.ts";
import type { JsonSchema } from "../task/handlers.ts";
import { type Adapter, type RateLimit, rateNames, type SecretReference } from "./adapter.ts";
import { adapterErrors } from "./errors.ts";
import { matchingOperations, nameIn } from "./names.ts";
import { natsAdapter } from "./nats/nats.ts";
import { readText, resolved, Unusable } from "./openapi/document.ts";
import type { SkippedOperation } from "./openapi/openapi.ts";
import { Parts, Schemas } from "./openapi/schemas.ts";
import { redisAdapter } from "./redis/redis.ts";

export interface AsyncApiOptions {
  readonly name: string;
  /** The document, of version 2 or 3: JSON or YAML as a text, or its value. */
  readonly document: string | Members;
  /** Refers to the address of the server, with its password. */
  readonly url: SecretReference;
  /** The name of a server in the document. Default: the first one whose protocol has an adapter. */
  readonly server?: string;
  /** Operations to import, by their names. `*` stands for any characters. Default: all. */
  readonly only?: readonly string[];
  readonly rate?: RateLimit;
}

export interface AsyncApiAdapter extends Adapter {
  /** Messages that the application sends. `natsSource` and `redisSource` can start runs of them. */
  readonly received: readonly { readonly operation: string; readonly address: string }[];
  readonly refused: readonly SkippedOperation[];
}

const protocols = { nats: natsAdapter, redis: redisAdapter };
type Protocol = keyof typeof protocols;

const optionNames: OptionNames<AsyncApiOptions> = {
  name: true,
  document: true,
  url: true,
  server: true,
  only: true,
  rate: rateNames,
};

/** Makes an adapter of an AsyncAPI document. */
export function asyncApiAdapter(options: AsyncApiOptions): AsyncApiAdapter {
  requireKnown("asyncApiAdapter", options, optionNames);
  const { name, url, only, rate } = options;
  const document = asyncDocument(name, options.document);
  const protocol = protocolOf(document, options);
  const found = operationsOf(document, protocol);
  const selected = only === undefined ? found.sent : matchingOperations(found.sent, only);
  if (Object.keys(selected).length === 0)
    throw adapterErrors.invalid({
      adapter: name,
      problem: "the application receives none of the requested messages",
    });
  const connection = { name, url, ...(rate !== undefined && { rate }) };
  const described = Object.entries(selected);
  const adapter =
    protocol === "nats"
      ? natsAdapter({
          ...connection,
          operations: Object.fromEntries(
            described.map(([key, { address, payload, description, isAnswered }]) => [
              key,
              {
                subject: address.replaceAll("/", "."),
                input: inputOf(address, "data", payload),
                description,
                ...(isAnswered && { does: "request" as const }),
              },
            ]),
          ),
        })
      : redisAdapter({
          ...connection,
          operations: Object.fromEntries(
            described.map(([key, { address, payload, description }]) => [
              key,
              {
                command: `PUBLISH ${address} {message}`,
                input: inputOf(address, "message", payload),
                description,
              },
            ]),
          ),
        });
  return { ...adapter, kind: "asyncapi", received: found.received, refused: found.refused };
}

function asyncDocument(adapter: string, source: string | Members): Members {
  const document = typeof source === "string" ? readText(adapter, source) : source;
  const version = isMembers(document) ? textIn(document, "asyncapi") : "";
  if (!isMembers(document) || !/^[23]\./.test(version))
    throw adapterErrors.invalid({
      adapter,
      problem: `expected \`asyncapi\` 2 or 3, got ${version.slice(0, 20) || "none"}`,
    });
  return document;
}

function protocolOf(document: Members, { name, server }: AsyncApiOptions): Protocol {
  const servers = Object.entries(membersIn(document, "servers"));
  const named = servers.filter(([key]) => server === undefined || key === server);
  const found = named.map(([, entry]) => textIn(resolved(document, entry), "protocol"));
  const known = found.find((protocol): protocol is Protocol => Object.hasOwn(protocols, protocol));
  if (known !== undefined) return known;
  const problem = `expected a server with the protocol ${Object.keys(protocols).join(" or ")}, got ${found.join(", ") || "none"}`;
  throw adapterErrors.invalid({ adapter: name, problem });
}

interface Sent {
  readonly address: string;
  readonly payload: JsonSchema;
  readonly description: string;
  /** True if the application replies. */
  readonly isAnswered: boolean;
}

interface Found {
  readonly sent: Record<string, Sent>;
  readonly received: { operation: string; address: string }[];
  readonly refused: SkippedOperation[];
}

function operationsOf(document: Members, protocol: Protocol): Found {
  const found: Found = { sent: {}, received: [], refused: [] };
  for (const item of textIn(document, "asyncapi").startsWith("2.") ? ofSecond(document) : ofThird(document))
    try {
      const { address, operation, messages } = item.read();
      const name = nameIn(item.name);
      if (item.isReceived) found.received.push({ operation: name, address });
      else {
        const isAnswered = operation["reply"] !== undefined;
        if (isAnswered && protocol === "redis") throw new Unusable("it has a reply");
        found.sent[name] = {
          address,
          payload: payloadOf(document, messages),
          description: (textIn(operation, "summary") || textIn(operation, "description")).slice(0, 200),
          isAnswered,
        };
      }
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      found.refused.push({ operation: item.name, reason: error.message });
    }
  return found;
}

interface Read {
  readonly name: string;
  /** True if the application sends the message. */
  readonly isReceived: boolean;
  read(): { readonly address: string; readonly operation: Members; readonly messages: readonly unknown[] };
}

/** Reads version 2, in which `publish` means messages that others publish to the application. */
function* ofSecond(document: Members): Generator<Read, void> {
  for (const [address, channel] of Object.entries(membersIn(document, "channels")))
    for (const kind of ["publish", "subscribe"] as const) {
      if (!isMembers(channel) || (channel["$ref"] === undefined && channel[kind] === undefined)) continue;
      const id = textIn(membersIn(channel, kind), "operationId");
      yield {
        name: id || `${kind}-${address}`,
        isReceived: kind === "subscribe",
        read() {
          const operation = resolved(document, resolved(document, channel)[kind]);
          const message = operation["message"];
          const several = isMembers(message) ? message["oneOf"] : undefined;
          return { address, operation, messages: Array.isArray(several) ? several : [message] };
        },
      };
    }
}

function* ofThird(document: Members): Generator<Read, void> {
  for (const [name, entry] of Object.entries(membersIn(document, "operations"))) {
    const action = isMembers(entry) ? textIn(entry, "action") : "";
    yield {
      name,
      isReceived: action === "send",
      read() {
        const operation = resolved(document, entry);
        if (action !== "send" && action !== "receive") throw new Unusable(`it has the action \`${action}\``);
        const channel = resolved(document, operation["channel"]);
        const address = textIn(channel, "address");
        if (address === "") throw new Unusable("its channel has no address");
        const own = operation["messages"];
        return {
          address,
          operation,
          messages: Array.isArray(own) ? own : Object.values(membersIn(channel, "messages")),
        };
      },
    };
  }
}

function payloadOf(document: Members, messages: readonly unknown[]): JsonSchema {
  const schemas = new Schemas(document);
  const parts = new Parts();
  const payloads = messages.map((message) => {
    const { payload, schemaFormat, contentType, headers } = resolved(document, message);
    const content = contentType ?? document["defaultContentType"];
    if (content !== undefined && !/json/i.test(String(content)))
      throw new Unusable(`its content is \`${String(content).slice(0, 80)}\``);
    const { required } = isMembers(headers) ? resolved(document, headers) : {};
    if (Array.isArray(required) && required.length > 0)
      throw new Unusable(`it needs the headers ${required.join(", ").slice(0, 80)}`);
    const foreign =
      isMembers(payload) && payload["schemaFormat"] !== undefined ? payload["schemaFormat"] : schemaFormat;
    if (foreign !== undefined && !/json|asyncapi|openapi/i.test(String(foreign)))
      throw new Unusable(`its payload is described as \`${String(foreign).slice(0, 80)}\``);
    return schemas.convert(payload ?? true, parts);
  });
  const schema = payloads.length === 1 ? payloads[0] : { anyOf: payloads };
  return isMembers(schema) ? (schemas.withDefinitions(schema, parts) ?? true) : true;
}

/** Returns the schema of the input: parameters of the address, and the payload. */
function inputOf(address: string, member: string, payload: JsonSchema): JsonSchema {
  const parameters = [...address.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const { $defs, ...own } = typeof payload === "boolean" ? {} : payload;
  return {
    type: "object",
    required: [...parameters, member],
    properties: {
      ...Object.fromEntries(parameters.map((name) => [name, { type: ["string", "integer"] }])),
      [member]: own,
    },
    ...($defs !== undefined && { $defs }),
  };
}
