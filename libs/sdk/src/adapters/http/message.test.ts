import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HttpBody, type HttpParameter, readAnswer, ValueRefused, writeRequest } from "./message.ts";

const id = (more: Partial<HttpParameter> = {}) => ({ id: { in: "path" as const, ...more } });
const point = { x: 1, y: "a b" };
const prices = [{ price: "p/1", tiers: [1, 2] }];
const form: HttpBody = {
  type: "form",
  styles: { items: { style: "deepObject" }, tags: { explode: false } },
};

describe("the request of an operation", () => {
  for (const [title, path, parameters, input, expected] of [
    ["a list in the path", "/a/{id}", id(), { id: [3, "4,5"] }, "/v1/a/3,4%2C5"],
    ["an object in the path", "/a/{id}", id({ explode: true }), { id: point }, "/v1/a/x=1,y=a%20b"],
    ["a label", "/a{id}", id({ style: "label", explode: true }), { id: [3, 4] }, "/v1/a.3.4"],
    ["a matrix", "/a{id}", id({ style: "matrix" }), { id: [3, 4] }, "/v1/a;id=3,4"],
    ["an open matrix", "/a{id}", id({ style: "matrix", explode: true }), { id: [3, 4] }, "/v1/a;id=3;id=4"],
    ["a matrix of members", "/a{id}", id({ style: "matrix", explode: true }), { id: { x: 1 } }, "/v1/a;x=1"],
    ["a query in the path", "/a?do=it&id={id}", id(), { id: "x&y?" }, "/v1/a?do=it&id=x%26y%3F"],
    ["a name behind the path", "/#Action=Get", {}, {}, "/v1/"],
    [
      ...["a deep object", "/a"],
      { filter: { in: "query", style: "deepObject" } },
      { filter: { by: point, of: [2] } },
      "/v1/a?filter%5Bby%5D%5Bx%5D=1&filter%5Bby%5D%5By%5D=a%20b&filter%5Bof%5D%5B0%5D=2",
    ],
  ] as readonly (readonly [string, string, Record<string, HttpParameter>, Record<string, unknown>, string])[])
    it(`contains ${title}`, () => {
      const { url } = writeRequest(new URL("https://a.test/v1"), path, parameters, undefined, input);
      assert.equal(url.pathname + url.search, expected);
    });

  it("is refused if a part of its path has no value, or may have lost digits", () => {
    for (const input of [{}, { id: null }, { id: [] }, { id: 2 ** 60 }])
      assert.throws(
        () => writeRequest(new URL("https://a.test/v1"), "/a/{id}", id(), undefined, input),
        ValueRefused,
      );
  });

  it("has members of a form in their styles", () => {
    const body = { items: prices, tags: ["a", "b"], of: ["c", "d"] };
    const { body: sent } = writeRequest(new URL("https://a.test"), "/a", {}, form, { body });
    const items =
      "items%5B0%5D%5Bprice%5D=p%2F1&items%5B0%5D%5Btiers%5D%5B0%5D=1&items%5B0%5D%5Btiers%5D%5B1%5D=2";
    assert.equal(sent, `${items}&tags=a,b&of=c&of=d`);
  });

  it("has an object of a multipart form as JSON", () => {
    const { body: sent } = writeRequest(
      new URL("https://a.test"),
      "/a",
      {},
      { type: "multipart" },
      { body: { point } },
    );
    assert.match(
      String(sent),
      /name="point"\r\ncontent-type: application\/json\r\n\r\n\{"x":1,"y":"a b"\}\r\n/,
    );
  });
});

describe("the answer of an operation", () => {
  const answer = (mediaType: string, ...bytes: (string | number)[]) =>
    readAnswer("a.get", mediaType.startsWith("text") ? "any" : "json", {
      ...{ status: 200, headers: { "content-type": mediaType }, url: new URL("https://a.test") },
      body: Buffer.concat(
        bytes.map((chunk) => (typeof chunk === "string" ? Buffer.from(chunk) : Buffer.of(chunk))),
      ),
    });

  it("is read in its charset, and without the mark of its byte order", () => {
    const json = "application/json";
    assert.deepEqual(answer(json, 0xef, 0xbb, 0xbf, '{"a":"é"}'), { a: "é" });
    assert.deepEqual(answer(`${json}; charset="ISO-8859-1"`, '{"a":"', 0xe9, '"}'), { a: "é" });
    assert.equal(answer("text/plain; charset=windows-1252", 0x80), "€");
  });

  it("keeps every digit of whole numbers", () => {
    const text = '{"ids":[12345678901234567890,9007199254740993,1]}';
    assert.equal(JSON.stringify(answer("application/json", text)), text);
  });

  it("fails the task if a part of its text would be lost", () => {
    const reason = (name: string) => ({
      code: "adapter.answer_unreadable",
      message: new RegExp(`not valid ${name}`),
    });
    assert.throws(() => answer("application/json", '{"a":"', 0xe9, '"}'), reason("utf-8"));
    assert.throws(
      () =>
        readAnswer("a.get", "any", {
          ...{ status: 200, url: new URL("https://a.test"), body: Buffer.from("x") },
          headers: { "content-type": "application/json", "content-encoding": "gzip" },
        }),
      { code: "adapter.answer_unreadable", message: /compressed by gzip, which the adapter did not request/ },
    );
    assert.throws(() => answer("application/json; charset=klingon", "{}"), reason("klingon"));
  });
});
