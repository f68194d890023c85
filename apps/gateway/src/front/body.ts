/** Reads the bodies of requests: JSON, from a program with any content type, from a page only with its own. */
import type { IncomingMessage } from "node:http";
import { ByteBuffer } from "@tutti/mesh";
import { JsonLimitError, parseInTurns, restErrors } from "@tutti/rest/json";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { isOfBrowser } from "../access/origin.ts";
import { gatewayErrors } from "../errors.ts";

const json = /^application\/(?:[\w.-]+\+)?json\s*(;|$)/i;
/** The content type that `curl -d` sends with any body. */
const form = /^application\/x-www-form-urlencoded\s*(;|$)/i;

/** Accepts JSON and forms. `requireSize` throws if a body is larger than its sender may send. */
export function acceptBodies(
  app: FastifyInstance,
  bytesMaxOf: (request: FastifyRequest) => number,
  requireSize: (request: FastifyRequest, bytes: number) => void,
): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", async (request: FastifyRequest, payload: IncomingMessage) => {
    const bytes = await gathered(payload, bytesMaxOf(request));
    requireSize(request, bytes.length);
    return bodyOf(request, textOf(bytes));
  });
}

/** Accepts bodies as bytes, of any content type. `check` throws if one is refused. */
export function acceptBytes(
  app: FastifyInstance,
  bytesMax: number,
  check: (request: FastifyRequest, bytes: number) => void,
): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", async (request: FastifyRequest, payload: IncomingMessage) => {
    const bytes = await gathered(payload, bytesMax);
    check(request, bytes.length);
    return bytes;
  });
}

/**
 * Reads a whole body. One that is too large is refused at once, and its connection stays open for the response.
 * Fastify's own parser keeps each chunk, so a sender of single bytes would fill the memory.
 */
function gathered(payload: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const read = new ByteBuffer();
    const settle = (): void => {
      payload.off("data", append);
      payload.off("end", finish);
      payload.off("error", fail);
    };
    const append = (part: Buffer): void => {
      if (read.length + part.length > most) fail(gatewayErrors.bodyTooLarge({ most }));
      else read.add(part);
    };
    const finish = (): void => {
      settle();
      resolve(read.bytes);
    };
    const fail = (error: Error): void => {
      settle();
      reject(error);
    };
    if (Number(payload.headers["content-length"]) > most) {
      fail(gatewayErrors.bodyTooLarge({ most }));
      return;
    }
    payload.on("data", append);
    payload.once("end", finish);
    payload.once("error", fail);
  });
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes strictly: a byte that is no UTF-8 would silently become another character. */
function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw restErrors.bodyNotJson({ found: "bytes that are not UTF-8" });
  }
}

async function bodyOf({ headers }: FastifyRequest, text: string): Promise<unknown> {
  const type = headers["content-type"] ?? "";
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    throw gatewayErrors.mediaTypeUnknown({ found: `Content-Encoding: ${encoding}` });
  if (text.trim() === "") return undefined;
  const isSupported = json.test(type) || (form.test(type) && !isOfBrowser(headers));
  if (!isSupported) throw gatewayErrors.mediaTypeUnknown({ found: type === "" ? "none" : type });
  try {
    return await parseInTurns(text);
  } catch (error) {
    if (error instanceof JsonLimitError) throw restErrors.bodyNotJson({ found: error.message });
    // The quoted text may contain a secret.
    const found =
      error instanceof SyntaxError
        ? error.message.replace(/, (\.\.\.)?".*is not valid JSON$/s, "")
        : "something else";
    throw restErrors.bodyNotJson({ found });
  }
}
