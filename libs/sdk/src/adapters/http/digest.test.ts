import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { digestAuthorization, digestChallenge } from "./digest.ts";

/** The example of RFC 7616, section 3.9.1. */
const challenges = [
  'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
  'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
] as const;
const request = {
  ...{ method: "GET", target: "/dir/index.html", user: "Mufasa", password: "Circle of Life", count: 1 },
  cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
};

function answered(header: string): string {
  const challenge = digestChallenge(header);
  assert.ok(challenge, `expected a challenge in ${header}`);
  return digestAuthorization(challenge, request);
}

describe("HTTP Digest", () => {
  it("answers the example of RFC 7616 with both algorithms", () => {
    const response = challenges.map((header) => /response="(\w+)"/.exec(answered(header))?.[1]);
    assert.deepEqual(response, [
      "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
      "8ca523f5e9506fed4657c9700eebdbec",
    ]);
    assert.equal(
      answered(challenges[1]),
      'Digest username="Mufasa", realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri="/dir/index.html", response="8ca523f5e9506fed4657c9700eebdbec", algorithm=MD5, qop=auth, nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    );
  });

  it("answers servers before RFC 2617, which send no `qop`", () => {
    const { target: _, ...rest } = request;
    const challenge = digestChallenge(
      'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
    );
    assert.ok(challenge);
    // The example of RFC 2617, section 3.5, without its `qop`.
    const text = digestAuthorization(challenge, {
      ...rest,
      target: "/dir/index.html",
      password: "Circle Of Life",
    });
    assert.match(text, /response="670fd8c2df070c60b045671b8b24ff02"/);
    assert.doesNotMatch(text, /qop|cnonce|nc=/);
  });

  it("answers the first challenge that it supports", () => {
    assert.equal(digestChallenge(`Basic realm="a, b", ${challenges.join(", ")}`)?.algorithm, "SHA-256");
    assert.equal(
      digestChallenge(`Digest realm="x", nonce="1", algorithm=SHA-3, ${challenges[1]}`)?.algorithm,
      "MD5",
    );
    assert.equal(digestChallenge(`Negotiate, Digest realm="a \\"b\\"", nonce=n, qop=auth`)?.realm, 'a "b"');
    for (const header of ["", "Basic realm=x", 'Digest realm="x"', 'Digest nonce="1", qop="auth-int"'])
      assert.equal(digestChallenge(header), undefined, header);
  });
});
