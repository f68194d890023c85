/**
 * Objects of a bucket, by the interface of S3: five requests and a signature.
 *
 * 1. An object is durable when `put` has resolved.
 * 2. A conditional write replaces the object whose ETag the writer has seen. The same content written twice has two ETags,
 *    because each object ends with a drawn number. A repetition after a lost answer finds the object changed, and its
 *    caller reads it again. Parts of blobs are written once and have no number.
 * 3. A store that does not answer makes the caller wait. A refusal, such as of a key, is reported at once.
 */
import { durationText, type Foundation, type S3Credentials, signed, sleep, uriEncoded } from "@tutti/kernel";
import { blobErrors } from "../../blobs/errors.ts";
import type { Objects } from "../blobs/object-blobs.ts";

export interface S3Settings {
  /** The endpoint, without the bucket. */
  readonly url: string;
  readonly bucket: string;
  /** Prefix of names. Empty for none. */
  readonly prefix: string;
  readonly region: string;
  /** Whether the bucket is in the path or in the host. */
  readonly bucketIn: "path" | "host";
  readonly timeoutMs: number;
  /** Read for each request, so that a changed key takes effect. */
  readonly credentials: () => Promise<S3Credentials>;
}

export type S3Foundation = Pick<Foundation, "clock" | "chance" | "timers" | "logger">;

interface S3Request {
  readonly method: "GET" | "PUT" | "DELETE";
  /** Empty for the bucket. */
  readonly name: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

interface Answer {
  readonly status: number;
  readonly etag: string;
  readonly body: Buffer;
}

const mebibyte = 1_048_576;
const pauseMs = 200;
const pauseMaxMs = 5_000;
/** Number of attempts of a request if the caller can retry. */
const attemptsMax = 4;
const concurrency = 8;
const numberBytes = 8;
const missing = 404;
const changed = 412;

export class S3Objects implements Objects {
  readonly place: string;
  readonly partBytes = 4 * mebibyte;
  readonly #settings: S3Settings;
  readonly #foundation: S3Foundation;
  readonly #base: URL;
  readonly #prefix: string;

  constructor(settings: S3Settings, foundation: S3Foundation) {
    const { url, bucket, bucketIn, prefix } = settings;
    this.#settings = settings;
    this.#foundation = foundation;
    this.#base = new URL(url);
    if (bucketIn === "host") this.#base.host = `${bucket}.${this.#base.host}`;
    else this.#base.pathname = `${this.#base.pathname.replace(/\/$/, "")}/${bucket}`;
    this.#prefix = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
    this.place = `bucket ${bucket} of ${new URL(url).host}`;
  }

  async put(name: string, body: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#request(
      { method: "PUT", name, body: this.#numbered(name, body) },
      Number.POSITIVE_INFINITY,
      signal,
    );
  }

  async replace(name: string, body: Uint8Array, mark: number | string): Promise<string | undefined> {
    const headers: Record<string, string> =
      typeof mark === "string" ? { "if-match": mark } : { "if-none-match": "*" };
    const { status, etag } = await this.#request({
      method: "PUT",
      name,
      body: this.#numbered(name, body),
      headers,
    });
    return status === changed || status === missing ? undefined : etag;
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    return (await this.latest(name))?.data;
  }

  async latest(name: string): Promise<{ readonly data: Uint8Array; readonly sequence: string } | undefined> {
    const { status, body, etag } = await this.#request({ method: "GET", name });
    const data = isPart(name) ? body : body.subarray(0, Math.max(0, body.length - numberBytes));
    return status === missing ? undefined : { data, sequence: etag };
  }

  async list(prefix: string): Promise<string[]> {
    const names: string[] = [];
    for (let token = "", page = 0; page === 0 || token !== ""; page++) {
      const query = {
        "list-type": "2",
        prefix: `${this.#prefix}${prefix}.`,
        "encoding-type": "url",
        ...(token !== "" && { "continuation-token": token }),
      };
      const xml = (await this.#request({ method: "GET", name: "", query })).body.toString("utf8");
      for (const [, key = ""] of xml.matchAll(/<Key>([^<]*)<\/Key>/g))
        names.push(decodeURIComponent(key.replaceAll("+", " ")).slice(this.#prefix.length));
      token = /<NextContinuationToken>([^<]*)</.exec(xml)?.[1] ?? "";
    }
    return names;
  }

  async remove(names: readonly string[]): Promise<void> {
    const waiting = [...names];
    const removing = async (): Promise<void> => {
      for (let name = waiting.pop(); name !== undefined; name = waiting.pop())
        await this.#request({ method: "DELETE", name });
    };
    await Promise.all(Array.from({ length: concurrency }, removing));
  }

  async removeUpTo(name: string, mark: number | string): Promise<void> {
    await this.#request({ method: "DELETE", name, headers: { "if-match": String(mark) } });
  }

  #numbered(name: string, body: Uint8Array): Uint8Array {
    if (isPart(name)) return body;
    const number = Buffer.alloc(numberBytes);
    number.writeDoubleLE(this.#foundation.chance.random());
    return Buffer.concat([body, number]);
  }

  /** Retries until there is an answer, with growing pauses. */
  async #request(request: S3Request, attempts = attemptsMax, signal?: AbortSignal): Promise<Answer> {
    const { timers, logger } = this.#foundation;
    for (let failures = 1; ; failures++) {
      signal?.throwIfAborted();
      const reason = await this.#sent(request).catch((error: unknown) => {
        if (blobErrors.storeRefused.is(error)) throw error;
        return error instanceof Error
          ? (error.cause instanceof Error ? error.cause : error).message
          : String(error);
      });
      if (typeof reason === "object") return reason;
      if (failures >= attempts) throw blobErrors.storeAway({ place: this.place, reason });
      if (failures === 1)
        logger.warn("store of blobs does not answer, retrying", { place: this.place, reason });
      const waitMs = Math.min(pauseMaxMs, pauseMs * 2 ** (failures - 1));
      await sleep(timers, waitMs);
    }
  }

  async #sent({
    method,
    name,
    query = {},
    headers = {},
    body = new Uint8Array(),
  }: S3Request): Promise<Answer> {
    const { region, timeoutMs, credentials } = this.#settings;
    const { clock, timers } = this.#foundation;
    const url = new URL(this.#base);
    if (name !== "") {
      const path = `${this.#prefix}${name}`.split("/").map(uriEncoded).join("/");
      url.pathname = `${url.pathname.replace(/\/$/, "")}/${path}`;
    }
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    const all = signed({ method, url, headers, body }, await credentials(), region, clock.now());
    const { host: _, ...sent } = all;
    const late = new AbortController();
    const timer = timers.after(timeoutMs, () =>
      late.abort(new Error(`no answer within ${durationText(timeoutMs)}`)),
    );
    const { status, ok, etag, content } = await fetch(url, {
      method,
      headers: sent,
      redirect: "error",
      signal: late.signal,
      ...(method === "PUT" && {
        body: Buffer.from(body.buffer as ArrayBuffer, body.byteOffset, body.length),
      }),
    })
      .then(async (answer) => ({
        status: answer.status,
        ok: answer.ok,
        etag: answer.headers.get("etag") ?? "",
        content: Buffer.from(await answer.arrayBuffer()),
      }))
      .finally(() => timer.cancel());
    if (ok) return { status, etag, body: content };
    const code = /<Code>([^<]*)</.exec(content.toString("utf8", 0, 4_096))?.[1] ?? "";
    if (status === changed || (status === missing && code !== "NoSuchBucket"))
      return { status, etag: "", body: content };
    // A conflict is another conditional write at the same time.
    if (status >= 500 || status === 429 || status === 409 || code === "RequestTimeTooSkewed")
      throw new Error(`${status} ${code}`);
    throw blobErrors.storeRefused({ place: this.place, status, code });
  }
}

function isPart(name: string): boolean {
  return name.startsWith("parts.");
}
