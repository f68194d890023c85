// @ts-check

// An S3 server for tests, from the published protocol. It has the objects of one bucket in memory, paged lists, copies,
// and signatures of version 4, which it verifies. Servers on npm do not verify them.

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

export const accessKey = "AKIATEST";
export const secretKey = "sesame/7d+3";
const skewMaxMs = 900_000;

/** @typedef {{ status: number, headers?: Record<string, string>, body?: string | Buffer }} Answer */

/**
 * @param {string} bucket
 * @param {{ pageSize?: number, port?: number, objects?: Map<string, { bytes: Buffer, atMs: number }> }} [options] with the
 *   port and the objects of an ended server, the new server replaces it
 */
export async function startS3(bucket, { pageSize = 1_000, port = 0, objects = new Map() } = {}) {
  /** @type {Answer[]} Replacements of the next replies. */
  const next = [];
  const server = createServer((request, response) => {
    /** @type {Buffer[]} */
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      const body = Buffer.concat(pieces);
      const {
        status,
        headers,
        body: content,
      } = next.shift() ?? answerOf(request, body, { bucket, pageSize, objects });
      response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : content);
    });
  });

  await new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    objects,
    next,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * @typedef {object} Bucket
 * @property {string} bucket
 * @property {number} pageSize
 * @property {Map<string, { bytes: Buffer, atMs: number }>} objects
 */

/** @param {import("node:http").IncomingMessage} request @param {Buffer} body @param {Bucket} store @returns {Answer} */
function answerOf({ method = "GET", url = "/", headers }, body, store) {
  const { bucket, objects } = store;
  const refusal = refusalOf(method, url, headers, body);
  if (refusal !== undefined) return refused(403, refusal);
  const [path = "", query = ""] = url.split("?");
  const [named, ...parts] = path.slice(1).split("/").map(decodeURIComponent);
  if (named !== bucket) return refused(404, "NoSuchBucket");
  const key = parts.join("/");
  if (key === "")
    return method === "GET" ? listed(new URLSearchParams(query), store) : refused(405, "MethodNotAllowed");
  const found = objects.get(key);
  const isSeen = isSeenBy(headers, found);
  if (!isSeen && (method === "PUT" || method === "DELETE")) return refused(412, "PreconditionFailed");
  if (method === "PUT") {
    const source = headers["x-amz-copy-source"];
    if (source === undefined) objects.set(key, { bytes: body, atMs: Date.now() });
    else {
      const [, from, ...rest] = decodeURIComponent(String(source)).split("/");
      const copied = from === bucket ? objects.get(rest.join("/")) : undefined;
      if (copied === undefined) return refused(404, "NoSuchKey");
      objects.set(key, { ...copied, atMs: Date.now() });
      return { status: 200, body: "<CopyObjectResult></CopyObjectResult>" };
    }
    return { status: 200, headers: { etag: etagOf(body) } };
  }
  if (method === "DELETE") objects.delete(key);
  if (method === "DELETE") return { status: 204 };
  if (found === undefined) return refused(404, "NoSuchKey");
  const about = {
    "content-length": String(found.bytes.length),
    etag: etagOf(found.bytes),
    "last-modified": new Date(found.atMs).toUTCString(),
  };
  return { status: 200, headers: about, body: found.bytes };
}

/**
 * Returns whether the condition of a write holds.
 *
 * @param {import("node:http").IncomingHttpHeaders} headers
 * @param {{ bytes: Buffer } | undefined} found
 */
function isSeenBy(headers, found) {
  const { "if-match": seen, "if-none-match": none } = headers;
  if (none === "*") return found === undefined;
  return seen === undefined || (found !== undefined && etagOf(found.bytes) === seen);
}

/** @param {Buffer} bytes */
function etagOf(bytes) {
  return `"${createHash("md5").update(bytes).digest("hex")}"`;
}

/** @param {URLSearchParams} query @param {Bucket} store @returns {Answer} */
function listed(query, { objects, pageSize }) {
  const prefix = query.get("prefix") ?? "";
  const after = Buffer.from(query.get("continuation-token") ?? "", "base64").toString("utf8");
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, Math.min(pageSize, Number(query.get("max-keys") ?? pageSize)));
  const isUrl = query.get("encoding-type") === "url";
  const contents = page.map((key) => {
    const { bytes, atMs } = objects.get(key) ?? { bytes: Buffer.of(), atMs: 0 };
    const shown = isUrl ? encodeURIComponent(key).replaceAll("%20", "+") : escaped(key);
    const time = new Date(atMs).toISOString();
    return `<Contents><Key>${shown}</Key><LastModified>${time}</LastModified><Size>${bytes.length}</Size></Contents>`;
  });
  const isTruncated = page.length < keys.length;
  const token = isTruncated ? Buffer.from(page.at(-1) ?? "").toString("base64") : "";
  const parts = [
    `<IsTruncated>${isTruncated}</IsTruncated>`,
    isTruncated ? `<NextContinuationToken>${token}</NextContinuationToken>` : "",
    isUrl ? "<EncodingType>url</EncodingType>" : "",
    ...contents,
  ];
  return { status: 200, body: `<?xml version="1.0"?><ListBucketResult>${parts.join("")}</ListBucketResult>` };
}

/**
 * Returns why a request is rejected. Its signature is computed from the received bytes.
 *
 * @param {string} method
 * @param {string} url
 * @param {import("node:http").IncomingHttpHeaders} headers
 * @param {Buffer} body
 */
function refusalOf(method, url, headers, body) {
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([\da-f]{64})$/;
  const [, key, day = "", region, names = "", given = ""] = form.exec(headers.authorization ?? "") ?? [];
  if (key !== accessKey) return "InvalidAccessKeyId";
  const time = String(headers["x-amz-date"]);
  const [, year, month, date, hour, minute, second] = /^(....)(..)(..)T(..)(..)(..)Z$/.exec(time) ?? [];
  const atMs = Date.parse(`${year}-${month}-${date}T${hour}:${minute}:${second}Z`);
  if (!time.startsWith(day) || Math.abs(Date.now() - atMs) > skewMaxMs) return "RequestTimeTooSkewed";
  const hash = createHash("sha256").update(body).digest("hex");
  if (headers["x-amz-content-sha256"] !== hash) return "XAmzContentSHA256Mismatch";
  const sent = names.split(";");
  const needed = ["host", ...Object.keys(headers).filter((name) => name.startsWith("x-amz-"))];
  if (needed.some((name) => !sent.includes(name))) return "AccessDenied";
  const [path = "", query = ""] = url.split("?");
  const pairs = query === "" ? [] : query.split("&").map((pair) => pair.replaceAll("+", "%20"));
  const canonical = [
    ...[method, path, pairs.map(encodedPair).sort().join("&")],
    ...sent.map((name) => `${name}:${String(headers[name]).trim()}`),
    ...["", names, hash],
  ].join("\n");
  const toSign = [
    ...["AWS4-HMAC-SHA256", time, `${day}/${region}/s3/aws4_request`],
    createHash("sha256").update(canonical).digest("hex"),
  ].join("\n");
  let signing = Buffer.from(`AWS4${secretKey}`);
  for (const part of [day, String(region), "s3", "aws4_request", toSign])
    signing = createHmac("sha256", signing).update(part).digest();
  return timingSafeEqual(signing, Buffer.from(given, "hex")) ? undefined : "SignatureDoesNotMatch";
}

/** @param {string} pair */
function encodedPair(pair) {
  const [name = "", value = ""] = pair.split("=").map(decodeURIComponent);
  /** @param {string} text */
  const encoded = (text) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return `${encoded(name)}=${encoded(value)}`;
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** @param {number} status @param {string} code @returns {Answer} */
export function refused(status, code) {
  return {
    status,
    body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>later &amp; again</Message></Error>`,
  };
}
