/**
 * Methods of gRPC services as operations.
 *
 * 1. `grpcAdapter` reads the contract before the worker offers the operations, so they have the schemas of their methods.
 * 2. A call waits for a connection. A call that fails before the connection exists was not sent.
 * 3. A method with side effects is repeated if its contract declares it idempotent, or if it accepts an idempotency key.
 */
import { readFile } from "node:fs/promises";
import { Agent as PlainAgent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import type { DescMethod } from "@bufbuild/protobuf";
import type * as Grpc from "@grpc/grpc-js";
import type { Client as Channel, Metadata, ServiceError } from "@grpc/grpc-js";
import { reasonOf, systemClock, systemTimers } from "@tutti/kernel";
import { type OptionNames, requireKnown, tlsNames } from "../../options.ts";
import { Busy } from "../../task/failure.ts";
import {
  type Adapter,
  type AdapterCall,
  type AdapterOperation,
  type RateLimit,
  type Repeat,
  rateNames,
} from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import { Authentication, authNames, type HttpAuth } from "../http/auth.ts";
import { addressProblem } from "../http/wire.ts";
import { matchingOperations, nameIn } from "../names.ts";
import { localSecret } from "../source.ts";
import { type Contract, type GrpcContract, readContract, reflection } from "./contract.ts";
import { requestsSchemaOf, schemaOf } from "./schema.ts";

export interface GrpcAdapterOptions extends GrpcContract {
  readonly name: string;
  /** `grpc://host:port`, or `grpcs://host:port` with TLS. */
  readonly url: string;
  /** PEM files. Default: the authorities that Node trusts, and no client certificate. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Credentials, sent as metadata. */
  readonly auth?: Exclude<HttpAuth, { readonly digest: unknown }>;
  /** Operations to import, by their names. `*` stands for any characters. Default: all. */
  readonly only?: readonly string[];
  /** Metadata that makes a repeated call harmless. It gets the idempotency key of the task. */
  readonly idempotencyMetadata?: string;
  /** Repeat behavior by name of operation. Default: the `idempotency_level` of the method. */
  readonly repeat?: Readonly<Record<string, Repeat>>;
  /** The service whose health the check asks for (`grpc.health.v1`). Default: the server as a whole. */
  readonly healthService?: string;
  readonly rate?: RateLimit;
  /** How long a call may take. Default: 60,000. */
  readonly timeoutMs?: number;
  /** How long to wait for a connection. Default: 10,000. */
  readonly connectMs?: number;
  /** Maximum size of an answer, or of all messages of a stream. A larger one fails the task. Default: 16 MiB. */
  readonly answerBytesMax?: number;
}

const defaults = { timeoutMs: 60_000, connectMs: 10_000, answerBytesMax: 16 * 1024 * 1024 };
const busyMs = 1_000;

const { digest: _, ...grpcAuthNames } = authNames;
const optionNames: OptionNames<GrpcAdapterOptions> = {
  name: true,
  url: true,
  protos: true,
  protoFolders: true,
  descriptors: true,
  tls: tlsNames,
  auth: grpcAuthNames,
  only: true,
  idempotencyMetadata: true,
  repeat: true,
  healthService: true,
  rate: rateNames,
  timeoutMs: true,
  connectMs: true,
  answerBytesMax: true,
};

/**
 * Makes an adapter of a gRPC server. Without `protos` and `descriptors` it uses reflection, which the server must serve.
 */
export async function grpcAdapter(options: GrpcAdapterOptions): Promise<Adapter> {
  requireKnown("grpcAdapter", options, optionNames);
  const { name, url, rate } = options;
  const target = /^(grpcs?):\/\/([^/\s@]+)\/?$/.exec(url);
  const [, scheme = "", address = ""] = target ?? [];
  const fail = (problem: string) => adapterErrors.invalid({ adapter: name, problem });
  if (target === null) throw fail(`expected an address such as grpc://host:50051, got \`${url}\``);
  const forbidden = addressProblem(new URL(`http://${address}`).hostname.replace(/^\[|\]$/g, ""), false);
  if (forbidden !== undefined)
    throw adapterErrors.addressRefused({ operation: name, url, reason: forbidden });
  // In a bundle, the names of a CommonJS module are only in its default export.
  const { default: grpc } = await import("@grpc/grpc-js");
  const { tls = {}, answerBytesMax = defaults.answerBytesMax } = options;
  const [ca, key, cert] = await Promise.all(
    [tls.ca, tls.key, tls.cert].map((file) => (file === undefined ? null : readFile(file))),
  );
  const credentials =
    scheme === "grpcs"
      ? grpc.credentials.createSsl(ca ?? null, key ?? null, cert ?? null)
      : grpc.credentials.createInsecure();
  const channel = new grpc.Client(address, credentials, {
    "grpc.max_receive_message_length": answerBytesMax,
    // A separate connection, because another adapter of the same server may have other credentials.
    "grpc.use_local_subchannel_pool": 1,
  });
  const calls = new Calls(options, { grpc, channel, isSecure: scheme === "grpcs" });
  try {
    const contract = await readContract(
      name,
      options,
      reflection(name, (requests) => calls.reflect(requests)),
    );
    const operations = operationsOf(contract, options, calls);
    if (Object.keys(operations).length === 0) throw fail("the server has none of the requested methods");
    return {
      name,
      kind: "grpc",
      operations,
      ...(rate !== undefined && { rate }),
      check: (call) => calls.check(call),
      close: () => channel.close(),
    };
  } catch (error) {
    channel.close();
    throw error;
  }
}

function operationsOf(
  contract: Contract,
  { only, repeat = {}, idempotencyMetadata }: GrpcAdapterOptions,
  calls: Calls,
): Readonly<Record<string, AdapterOperation>> {
  const operations: Record<string, AdapterOperation> = {};
  // A single service is left out of the names of operations.
  const hasSingleService = new Set(contract.methods.map(({ parent }) => parent.typeName)).size === 1;
  for (const method of contract.methods) {
    const own = nameIn(method.name);
    const name = hasSingleService ? own : `${nameIn(method.parent.name)}.${own}`;
    const free = Object.hasOwn(operations, name) ? nameIn(`${method.parent.typeName}.${method.name}`) : name;
    const byKey = idempotencyMetadata === undefined ? "never" : "key";
    const rule = repeat[free] ?? (method.idempotency === 0 ? byKey : "safe");
    const isRequestStream = /client_streaming|bidi/.test(method.methodKind);
    const isReplyStream = /server_streaming|bidi/.test(method.methodKind);
    operations[free] = {
      description: `${method.parent.typeName}/${method.name}`,
      input: isRequestStream ? requestsSchemaOf(method.input) : schemaOf(method.input, false),
      output: schemaOf(method.output, isReplyStream),
      repeat: rule,
      call: (input, call) =>
        calls.run(contract, method, {
          call,
          rule,
          isReplyStream,
          name: free,
          messages: isRequestStream ? (input["requests"] as readonly unknown[]) : [input],
        }),
    };
  }
  return only === undefined ? operations : matchingOperations(operations, only);
}

interface GrpcCall {
  readonly name: string;
  readonly rule: Repeat;
  readonly messages: readonly unknown[];
  readonly isReplyStream: boolean;
  readonly call: AdapterCall;
}

interface Parts {
  readonly grpc: Pick<typeof Grpc, "Metadata" | "status">;
  readonly channel: Channel;
  readonly isSecure: boolean;
}

class Calls {
  readonly #options: GrpcAdapterOptions;
  readonly #parts: Parts;
  readonly #authentication: Authentication;

  constructor(options: GrpcAdapterOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    const agents = { plain: new PlainAgent(), secure: new SecureAgent() };
    this.#authentication = new Authentication(options.auth, async () => agents, {
      clock: systemClock,
      timers: systemTimers,
    });
  }

  /** Connects, and asks the server for its health. A server without the protocol of health has none to report. */
  async check(call: AdapterCall): Promise<void> {
    const { name, healthService = "" } = this.#options;
    const operation = `${name}.check`;
    await this.#connected(operation, call.signal);
    const metadata = await this.#metadata(operation, call);
    const { status } = this.#parts.grpc;
    const asked = Buffer.from(healthService);
    // The fields are number 1 of both messages: a text, and an enum of one byte.
    const request = Buffer.concat([Buffer.from([0x0a, asked.length]), asked]);
    const reply = await this.#exchange("/grpc.health.v1.Health/Check", [request], metadata, call).catch(
      (error: ServiceError | TooMuch) => {
        if (call.signal.aborted) throw call.signal.reason;
        const code = error instanceof TooMuch ? undefined : error.code;
        const hasNone = code === status.UNIMPLEMENTED || code === status.NOT_FOUND;
        if (hasNone && healthService === "") return undefined;
        throw this.#failure(operation, "safe", error);
      },
    );
    if (reply === undefined) return;
    const state = servingStates[reply[0]?.[1] ?? 0] ?? "UNKNOWN";
    if (state === "SERVING") return;
    const about = healthService === "" ? "the server" : `\`${healthService}\``;
    throw adapterErrors.unreachable({ operation, reason: `${about} reports ${state}` });
  }

  async run(contract: Contract, method: DescMethod, request: GrpcCall): Promise<unknown> {
    const { codec, registry } = contract;
    const { name, call, messages, isReplyStream, rule } = request;
    const operation = `${this.#options.name}.${name}`;
    const encoded = messages.map((message) => {
      try {
        const read = codec.fromJson(method.input, message as never, { registry });
        return codec.toBinary(method.input, read);
      } catch (error) {
        throw adapterErrors.inputInvalid({ operation, reason: reasonOf(error) }, { cause: error });
      }
    });
    await this.#connected(operation, call.signal);
    const metadata = await this.#metadata(operation, call);
    const path = `/${method.parent.typeName}/${method.name}`;
    let replies: readonly Uint8Array[];
    try {
      replies = await this.#exchange(path, encoded, metadata, call);
    } catch (error) {
      if (call.signal.aborted) throw call.signal.reason;
      throw this.#failure(operation, rule, error as ServiceError);
    }
    const read = replies.map((bytes) =>
      codec.toJson(method.output, codec.fromBinary(method.output, bytes), { registry }),
    );
    return isReplyStream ? read : (read[0] ?? {});
  }

  /** Requests descriptors, by the version of the protocol that the server has. */
  async reflect(requests: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    const { name } = this.#options;
    const operation = `${name}.reflection`;
    const signal = new AbortController().signal;
    await this.#connected(operation, signal);
    const metadata = await this.#metadata(operation, { idempotencyKey: "", signal, secret: localSecret });
    const { status } = this.#parts.grpc;
    for (const version of ["v1", "v1alpha"]) {
      const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
      try {
        return await this.#exchange(path, requests, metadata, { signal });
      } catch (error) {
        if ((error as ServiceError).code !== status.UNIMPLEMENTED)
          throw this.#failure(operation, "safe", error as ServiceError);
      }
    }
    throw adapterErrors.invalid({
      adapter: name,
      problem: "the server does not serve reflection, set `protos` or `descriptors`",
    });
  }

  async #connected(operation: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { connectMs = defaults.connectMs, url } = this.#options;
    const isReady = await new Promise<boolean>((resolve) => {
      this.#parts.channel.waitForReady(systemClock.now() + connectMs, (error) =>
        resolve(error === undefined),
      );
    });
    signal.throwIfAborted();
    if (isReady) return;
    throw adapterErrors.unreachable({
      operation,
      reason: `no server answers at ${url}${await this.#lastProblem()}`,
    });
  }

  /** Returns the last connection error, such as an expired certificate. A call without a connection fails with it. */
  async #lastProblem(): Promise<string> {
    const { signal } = new AbortController();
    try {
      await this.#exchange("/", [], new this.#parts.grpc.Metadata(), { signal, remainingMs: problemMs });
    } catch (error) {
      const found = /Last error: (?:Error: )?(.*?)(?: \(\d{4}-[^)]*\))?\.? Resolution note/.exec(
        (error as ServiceError).details ?? "",
      );
      if (found !== null) return ` (${found[1]})`;
    }
    return "";
  }

  async #metadata(operation: string, call: AdapterCall): Promise<Metadata> {
    const { idempotencyMetadata, url } = this.#options;
    const headers: Record<string, string> = {};
    const target = new URL(url.replace(/^grpc/, "http"));
    await this.#authentication.apply({ operation, method: "POST" }, target, headers, call);
    if (idempotencyMetadata !== undefined && call.idempotencyKey !== "")
      headers[idempotencyMetadata] = call.idempotencyKey;
    const metadata = new this.#parts.grpc.Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return metadata;
  }

  /** Calls a method of any kind as a stream, with one or several messages in each direction. */
  #exchange(
    path: string,
    messages: readonly Uint8Array[],
    metadata: Metadata,
    { signal, remainingMs }: Pick<AdapterCall, "signal" | "remainingMs">,
  ): Promise<readonly Uint8Array[]> {
    const { timeoutMs = defaults.timeoutMs, answerBytesMax = defaults.answerBytesMax } = this.#options;
    const same = (bytes: Uint8Array) => Buffer.from(bytes);
    const deadline = systemClock.now() + Math.min(timeoutMs, remainingMs ?? timeoutMs);
    const stream = this.#parts.channel.makeBidiStreamRequest(path, same, (bytes) => bytes, metadata, {
      deadline,
    });
    const stop = () => stream.cancel();
    signal.addEventListener("abort", stop, { once: true });
    return new Promise<readonly Uint8Array[]>((resolve, reject) => {
      const replies: Uint8Array[] = [];
      let bytes = 0;
      stream.on("data", (reply: Uint8Array) => {
        bytes += reply.length;
        if (bytes <= answerBytesMax) replies.push(reply);
        else stream.cancel();
      });
      stream.on("error", (error) => reject(bytes > answerBytesMax ? new TooMuch() : error));
      stream.on("end", () => resolve(replies));
      for (const message of messages) stream.write(message);
      stream.end();
    }).finally(() => signal.removeEventListener("abort", stop));
  }

  #failure(operation: string, rule: Repeat, error: ServiceError | TooMuch): Error {
    const { status } = this.#parts.grpc;
    const { answerBytesMax = defaults.answerBytesMax } = this.#options;
    if (error instanceof TooMuch)
      return adapterErrors.answerUnreadable({
        operation,
        reason: `it has more than ${answerBytesMax} bytes`,
      });
    const reason = `${status[error.code] ?? error.code} ${error.details ?? error.message}`.trim();
    const about = [{ operation, reason }, { cause: error }] as const;
    switch (error.code) {
      case status.RESOURCE_EXHAUSTED:
        if (/larger than max/.test(error.details)) return adapterErrors.answerUnreadable(...about);
        return new Busy({ retryAfterMs: busyMs, message: reason });
      case status.UNAUTHENTICATED:
        return adapterErrors.notSignedIn(...about);
      case status.ABORTED:
        return adapterErrors.failed(...about);
      case status.UNAVAILABLE:
      case status.DEADLINE_EXCEEDED:
      case status.CANCELLED:
      case status.INTERNAL:
      case status.UNKNOWN:
        if (rule === "never") return adapterErrors.outcomeUnknown(...about);
        return error.code === status.UNAVAILABLE
          ? adapterErrors.unreachable(...about)
          : adapterErrors.failed(...about);
      default:
        return adapterErrors.refused(...about);
    }
  }
}

class TooMuch extends Error {}

/** `grpc.health.v1.HealthCheckResponse.ServingStatus` */
const servingStates = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

const problemMs = 1_000;
