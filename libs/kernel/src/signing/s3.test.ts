import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { signed, uriEncoded } from "./s3.ts";

/** The examples of AWS, "Authenticating Requests: Using the Authorization Header". */
describe("a signature of S3", () => {
  const credentials = {
    ...{ accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" },
    sessionToken: "",
  };
  const nowMs = Date.UTC(2013, 4, 24);
  const host = "https://examplebucket.s3.amazonaws.com";
  const empty = new Uint8Array();
  for (const [label, request, signature] of [
    [
      "a GET of a range",
      { method: "GET", url: new URL(`${host}/test.txt`), headers: { range: "bytes=0-9" }, body: empty },
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ],
    [
      "a PUT",
      {
        ...{ method: "PUT", url: new URL(`${host}/test%24file.text`) },
        headers: { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
        body: Buffer.from("Welcome to Amazon S3."),
      },
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ],
    [
      "a list",
      { method: "GET", url: new URL(`${host}/?max-keys=2&prefix=J`), headers: {}, body: empty },
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ],
  ] as const)
    it(`of ${label} matches the example of AWS`, () => {
      const { authorization } = signed(request, credentials, "us-east-1", nowMs);
      assert.equal(authorization?.split("Signature=")[1], signature);
    });

  it("has the token of a session, and encodes as AWS does", () => {
    const all = signed(
      { method: "GET", url: new URL(host), headers: {}, body: empty },
      { ...credentials, sessionToken: "t" },
      "eu-central-1",
      nowMs,
    );
    assert.equal(all["x-amz-security-token"], "t");
    assert.match(
      all["authorization"] ?? "",
      /SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,/,
    );
    assert.equal(uriEncoded("a b'(c)*!/ü"), "a%20b%27%28c%29%2A%21%2F%C3%BC");
  });
});
