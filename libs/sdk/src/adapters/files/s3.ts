/**
 * Objects of a bucket, by the S3 API. It needs no client library: six requests and a signature over HTTP.
 *
 * 1. Keys are secrets. A changed key takes effect with the next call.
 * 2. An object is written as a whole by one request.
 * 3. A move is a copy and a deletion. A crash between the two leaves both objects, and the next attempt deletes the first.
 */
import { Agent as PlainAgent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import {
  type Clock,
  isTuttiError,
  type S3Credentials,
  signed,
  systemClock,
  systemTimers,
  uriEncoded,
} from "@tutti/kernel";
import { type OptionNames, requireKnown } from "../../options.ts";
import { Busy } from "../../task/failure.ts";
import type { Adapter, SecretReference } from "../adapter.ts";
import { requireReference, withoutSecrets } from "../client.ts";
import { adapterErrors } from "../errors.ts";
import { type Agents, BrokenExchange, deadline, exchange, type HttpAnswer } from "../http/wire.ts";
import type { Source } from "../source.ts";
import {
  type FileCall,
  type FileEntry,
  type FilePlace,
  type FilesOptions,
  filesAdapterOf,
  filesOptionNames,
  tooLarge,
  tooMany,
} from "./place.ts";
import { type FilesSourceOptions, filesSourceOf, filesSourceOptionNames } from "./source.ts";

export interface S3Options {
  readonly name: string;
  /** The endpoint, without the bucket: `https://s3.eu-central-1.amazonaws.com`. */
  readonly url: string;
  readonly bucket: string;
  /** Prefix of all paths. Default: none. */
  readonly prefix?: string;
  /** Default: `us-east-1`, which servers other than AWS accept. */
  readonly region?: string;
  readonly accessKey: SecretReference;
  readonly secretKey: SecretReference;
  readonly sessionToken?: SecretReference;
  /** Whether the bucket is a part of the path or of the host. Default: `path`. */
  readonly bucketIn?: "path" | "host";
  /** How long to wait for an answer. Default: 30,000. */
  readonly timeoutMs?: number;
}

const placeOptionNames: OptionNames<S3Options> = {
  name: true,
  url: true,
  bucket: true,
  prefix: true,
  region: true,
  accessKey: true,
  secretKey: true,
  sessionToken: true,
  bucketIn: true,
  timeoutMs: true,
};

/** Objects of a bucket as operations. */
export function s3Adapter(options: FilesOptions & S3Options): Adapter {
  requireKnown("s3Adapter", options, { ...filesOptionNames, ...placeOptionNames });
  return filesAdapterOf("s3", options, new S3Place(options));
}

/** Returns a source that starts runs of objects of a bucket. */
export function s3Source(options: FilesSourceOptions & S3Options): Source {
  requireKnown("s3Source", options, { ...filesSourceOptionNames, ...placeOptionNames });
  return filesSourceOf("s3-source", options, new S3Place(options));
}

const defaults = { region: "us-east-1", timeoutMs: 30_000 };
const ok = 200;
const missing = 404;
/** Limit of a list, and of an error. */
const answerBytesMax = 4_194_304;
const secondMs = 1_000;
const messageLengthMax = 200;

interface Request {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  /** Path of the object. Undefined for the bucket. */
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly bytesMax?: number;
}

class S3Place implements FilePlace {
  readonly #options: S3Options;
  readonly #base: URL;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #agents: Agents = {
    plain: new PlainAgent({ keepAlive: true }),
    secure: new SecureAgent({ keepAlive: true }),
  };

  constructor(options: S3Options, clock: Clock = systemClock) {
    const { name, url, bucket, accessKey, secretKey, prefix = "" } = options;
    this.#options = options;
    this.#clock = clock;
    requireReference(name, accessKey, "env:S3_ACCESS_KEY");
    requireReference(name, secretKey, "env:S3_SECRET_KEY");
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw adapterErrors.invalid({ adapter: name, problem: `expected an HTTP address, got \`${url}\`` });
    if (!/^[\w.-]+$/.test(bucket))
      throw adapterErrors.invalid({ adapter: name, problem: `\`${bucket}\` is no name of a bucket` });
    this.#base = new URL(url);
    if (options.bucketIn === "host") this.#base.host = `${bucket}.${this.#base.host}`;
    else this.#base.pathname = `${this.#base.pathname.replace(/\/$/, "")}/${bucket}`;
    this.#prefix = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  }

  close(): void {
    this.#agents.plain.destroy();
    this.#agents.secure.destroy();
  }

  async check(call: FileCall): Promise<void> {
    await this.#listed({ "max-keys": "1", prefix: this.#prefix }, call);
  }

  async list(folder: string, max: number, call: FileCall): Promise<readonly FileEntry[]> {
    const found: FileEntry[] = [];
    const prefix = this.#prefix + (folder === "" ? "" : `${folder}/`);
    for (let token: string | undefined, page = 0; page === 0 || token !== undefined; page++) {
      const query = {
        prefix,
        "encoding-type": "url",
        ...(token !== undefined && { "continuation-token": token }),
      };
      const xml = await this.#listed(query, call);
      const isEncoded = valueIn(xml, "EncodingType") === "url";
      for (const [, content = ""] of xml.matchAll(/<Contents>([\s\S]*?)<\/Contents>/g)) {
        const key = valueIn(content, "Key") ?? "";
        const path = (isEncoded ? decodeURIComponent(key.replaceAll("+", " ")) : key).slice(
          this.#prefix.length,
        );
        // Objects that consoles show as folders.
        if (path === "" || path.endsWith("/")) continue;
        if (found.length === max) throw tooMany(call, max);
        found.push({
          path,
          size: Number(valueIn(content, "Size") ?? 0),
          modified: timeOf(valueIn(content, "LastModified") ?? ""),
        });
      }
      token = valueIn(xml, "IsTruncated") === "true" ? valueIn(xml, "NextContinuationToken") : undefined;
    }
    return found;
  }

  async info(path: string, call: FileCall): Promise<FileEntry | undefined> {
    const { status, headers } = await this.#send({ method: "HEAD", path }, call, [ok, missing]);
    if (status === missing) return undefined;
    const { "content-length": size, "last-modified": modified } = headers;
    return { path, size: Number(size ?? 0), modified: timeOf(modified ?? "") };
  }

  async read(path: string, bytesMax: number, call: FileCall): Promise<Buffer | undefined> {
    const answer = await this.#send({ method: "GET", path, bytesMax }, call, [ok, missing]);
    if (answer.status === ok) return answer.body;
    if (codeIn(answer) === "NoSuchBucket") throw failureOf(call.operation, answer);
    return undefined;
  }

  async write(path: string, body: Uint8Array, call: FileCall): Promise<void> {
    await this.#send({ method: "PUT", path, body }, call, [ok]);
  }

  async remove(path: string, call: FileCall): Promise<boolean> {
    if ((await this.info(path, call)) === undefined) return false;
    await this.#send({ method: "DELETE", path }, call, [ok, 204, missing]);
    return true;
  }

  async move(from: string, to: string, call: FileCall): Promise<boolean> {
    const source = `/${this.#options.bucket}/${(this.#prefix + from).split("/").map(uriEncoded).join("/")}`;
    const headers = { "x-amz-copy-source": source };
    const answer = await this.#send({ method: "PUT", path: to, headers }, call, [ok, missing]);
    if (answer.status === missing) {
      if (codeIn(answer) === "NoSuchBucket") throw failureOf(call.operation, answer);
      return false;
    }
    // A copy may fail after the first bytes of its answer.
    if (codeIn(answer) !== undefined) throw failureOf(call.operation, { ...answer, status: 500 });
    await this.#send({ method: "DELETE", path: from }, call, [ok, 204, missing]);
    return true;
  }

  async #listed(query: Readonly<Record<string, string>>, call: FileCall): Promise<string> {
    const answer = await this.#send({ method: "GET", query: { "list-type": "2", ...query } }, call, [ok]);
    const xml = answer.body.toString("utf8");
    if (xml.includes("<ListBucketResult")) return xml;
    throw adapterErrors.answerUnreadable({
      operation: call.operation,
      reason: "expected a list of a bucket",
    });
  }

  async #send(
    { method, path, query = {}, headers = {}, body = new Uint8Array(), bytesMax }: Request,
    call: FileCall,
    expected: readonly number[],
  ): Promise<HttpAnswer> {
    const { operation, signal } = call;
    signal.throwIfAborted();
    const { region = defaults.region, timeoutMs = defaults.timeoutMs } = this.#options;
    const credentials = await this.#credentials(call);
    const url = new URL(this.#base);
    if (path !== undefined)
      url.pathname = `${url.pathname.replace(/\/$/, "")}/${(this.#prefix + path).split("/").map(uriEncoded).join("/")}`;
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const length = method === "PUT" ? { "content-length": String(body.length) } : {};
    const all = signed(
      { method, url, headers: { ...headers, ...length }, body },
      credentials,
      region,
      this.#clock.now(),
    );
    const late = deadline(systemTimers, timeoutMs);
    try {
      const answer = await exchange(
        {
          operation,
          method,
          url,
          headers: all,
          answerBytesMax: bytesMax ?? answerBytesMax,
          ...(body.length > 0 && { body }),
          signal: AbortSignal.any([signal, late.signal]),
        },
        this.#agents,
      );
      if (expected.includes(answer.status)) return answer;
      throw failureOf(operation, answer, [credentials.secretKey, credentials.sessionToken]);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (bytesMax !== undefined && isTuttiError(error) && error.code === "adapter.answer_unreadable")
        throw tooLarge(call, bytesMax);
      if (error instanceof BrokenExchange)
        throw adapterErrors.unreachable({ operation, reason: error.message }, { cause: error });
      throw error;
    } finally {
      late.cancel();
    }
  }

  async #credentials(call: FileCall): Promise<S3Credentials> {
    const { accessKey, secretKey, sessionToken } = this.#options;
    return {
      accessKey: await call.secret(accessKey),
      secretKey: await call.secret(secretKey),
      sessionToken: sessionToken === undefined ? "" : await call.secret(sessionToken),
    };
  }
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Returns the text of the first element with a name. The elements that are read here have no attributes. */
function valueIn(xml: string, name: string): string | undefined {
  const [, found] = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml) ?? [];
  return found?.replace(
    /&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi,
    (match, hex?: string, decimal?: string, entity = "") => {
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      return decimal === undefined ? (entities[entity] ?? match) : String.fromCodePoint(Number(decimal));
    },
  );
}

function codeIn({ body }: HttpAnswer): string | undefined {
  const text = body.toString("utf8", 0, answerBytesMax);
  return text.includes("<Error>") ? valueIn(text, "Code") : undefined;
}

/** Returns the time in seconds precision, because lists have milliseconds and headers do not. */
function timeOf(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? "" : new Date(Math.floor(ms / secondMs) * secondMs).toISOString();
}

const signInCodes =
  /^(SignatureDoesNotMatch|InvalidAccessKeyId|InvalidToken|ExpiredToken|AuthorizationHeaderMalformed|RequestTimeTooSkewed|MissingSecurityHeader)$/;

function failureOf(operation: string, answer: HttpAnswer, secrets: readonly string[] = []): Error {
  const { status, headers, body } = answer;
  const code = codeIn(answer);
  const message = (valueIn(body.toString("utf8"), "Message") ?? "").slice(0, messageLengthMax);
  const reason = withoutSecrets([`status ${status}`, code, message].filter(Boolean).join(": "), secrets);
  if (status === 429 || code === "SlowDown" || (status === 503 && headers["retry-after"] !== undefined)) {
    const seconds = Number(headers["retry-after"] ?? 1);
    return new Busy({
      retryAfterMs: (seconds > 0 ? seconds : 1) * secondMs,
      message: `${operation}: ${reason}`,
    });
  }
  if (status === 401 || (code !== undefined && signInCodes.test(code)))
    return adapterErrors.notSignedIn({ operation, reason });
  if (status >= 500 || status === 408 || code === "RequestTimeout")
    return adapterErrors.failed({ operation, reason });
  return adapterErrors.refused({ operation, reason, remedy: remedyOf(status, code) });
}

function remedyOf(status: number, code: string | undefined): string | undefined {
  if (code === "NoSuchBucket") return "Correct `bucket` of the adapter, or create the bucket.";
  if (code === "AccessDenied" || (code === undefined && status === 403))
    return "Grant the right on the bucket to the access key.";
  // A server that is not S3. Errors of S3 have a code, except for HEAD, whose 404 is an answer.
  if (code === undefined && (status === 404 || status === 405))
    return "Check that an S3 server answers at `url` of the adapter.";
  return undefined;
}
