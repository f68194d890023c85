import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { AnswerParser } from "./http-answer.ts";

function parsed(answer: string, splits: readonly number[]) {
  let body = "";
  const parser = new AnswerParser((part) => (body += Buffer.from(part).toString("latin1")));
  const bytes = Buffer.from(answer, "latin1");
  const places = [...splits.map((split) => split % bytes.length), 0, bytes.length].toSorted((a, b) => a - b);
  const buffer = Buffer.alloc(bytes.length);
  for (const [index, place] of places.entries()) {
    const piece = bytes.subarray(places[index - 1] ?? 0, place);
    // One reused buffer, as the socket has.
    piece.copy(buffer);
    parser.add(buffer.subarray(0, piece.length));
  }
  parser.finish();
  return { status: parser.status, body };
}

describe("an answer over a socket", () => {
  for (const [title, answer, expected] of [
    ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab\r\nc", { status: 200, body: "ab\r\nc" }],
    [
      "chunks",
      "HTTP/1.1 206 Partial\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\na\r\n\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\n",
      { status: 206, body: "a\r\n0123456789" },
    ],
    ["no length", "HTTP/1.0 200 OK\r\n\r\nabc", { status: 200, body: "abc" }],
    ["no body", "HTTP/1.1 404 None\r\ncontent-length: 0\r\n\r\n", { status: 404, body: "" }],
    [
      "a provisional answer before it",
      "HTTP/1.1 103 Early\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx",
      { status: 200, body: "x" },
    ],
  ] as const)
    it(`is read in any pieces: ${title}`, () => {
      fc.assert(
        fc.property(fc.array(fc.nat(), { maxLength: 12 }), (splits) => {
          assert.deepEqual(parsed(answer, splits), expected);
        }),
      );
    });

  for (const [title, answer, expected] of [
    ["ends before its length", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc", /ended before/],
    ["ends in a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc", /ended before/],
    [
      "ends without its last chunk",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n",
      /ended/,
    ],
    ["has a chunk without a size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno\r\n", /size/],
    ["is something else", "SSH-2.0-OpenSSH\r\n\r\n", /not HTTP/],
  ] as const)
    it(`is refused if it ${title}`, () => assert.throws(() => parsed(answer, []), expected));
});
