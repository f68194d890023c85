import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bearerOf, Users } from "./users.ts";

describe("the token of a call within an application", () => {
  const users = new Users("own");
  const tokenFrom = (tokenOf: () => unknown) =>
    users.during(tokenOf as () => string | undefined, undefined, () => users.token());

  it("is that of the request's user, and outside of requests that of the application", async () => {
    assert.equal(users.token(), "own");
    assert.equal(
      tokenFrom(() => "ann"),
      "ann",
    );
    assert.equal(
      users.during(
        () => "ann",
        undefined,
        () => users.asApplication(() => users.token()),
      ),
      "own",
    );
    const later = (token: string) =>
      users.during(
        () => token,
        undefined,
        async () => {
          await Promise.resolve();
          return users.token();
        },
      );
    assert.deepEqual(await Promise.all([later("ann"), later("bob")]), ["ann", "bob"]);
  });

  it("is never the application's token in a request without a user token", () => {
    for (const empty of [undefined, "", null])
      assert.throws(() => tokenFrom(() => empty), { code: "sdk.request_without_token" });
    assert.equal(
      new Users("").during(
        () => undefined,
        undefined,
        () => new Users("").token(),
      ),
      "",
    );
    for (const authorization of ["Basic YTpi", "Bearer", "Bearer a b", undefined])
      assert.equal(bearerOf({ headers: { authorization } }), undefined);
  });

  const failing = () => {
    throw new Error("the session store is down");
  };
  for (const [title, tokenOf, pattern] of [
    ["fails", failing, /the session store is down/],
    [
      "returns a promise",
      () => Promise.reject(new Error("later")),
      /it returned a promise\. .*returns text synchronously/,
    ],
    ["returns no text", () => 7, /a value of the type number/],
    ["returns a token with a line break", () => "a\nb", /characters that a header cannot have/],
  ] as const)
    it(`is not sent if \`tokenOf\` ${title}, and the error names it`, () => {
      assert.throws(
        () => tokenFrom(tokenOf),
        (error: Error) => {
          assert.equal((error as Error & { code: string }).code, "sdk.request_token_unusable");
          assert.match(error.message, pattern);
          return true;
        },
      );
    });
});
