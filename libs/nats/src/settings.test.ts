import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { kernelErrors, SecretReference } from "@tutti/kernel";
import { connectionSettings, natsSection } from "./settings.ts";

const secretOf = (text: string): SecretReference =>
  new SecretReference("env:X", {
    read: () => ({ secret: text }),
    readLater: async () => ({ secret: text }),
  });
const values = (input: object = {}) => natsSection.schema.parse(input);

describe("the section nats", () => {
  it("needs no setting for a server on this machine", () => {
    const settings = connectionSettings(values());
    assert.deepEqual(settings.servers, ["127.0.0.1:4222"]);
    assert.deepEqual(settings.credentials, { kind: "none" });
    assert.equal(settings.tls, undefined);
  });

  it("reads a secret only when a connection is opened", () => {
    const { credentials } = connectionSettings(values({ user: "u", password: secretOf("p") }));
    assert.ok(credentials.kind === "password");
    assert.deepEqual([credentials.user, credentials.password()], ["u", "p"]);
  });

  const contradictions: readonly [string, object, RegExp][] = [
    ["a user without a password", { user: "u" }, /nats\.user and nats\.password together/],
    [
      "two ways to authenticate",
      { token: secretOf("t"), nkey: secretOf("n") },
      /one way to authenticate in the section nats, got token, nkey/,
    ],
    [
      "a certificate without its key",
      { tls: { certFile: "a.pem" } },
      /certFile and nats\.tls\.keyFile together/,
    ],
  ];
  for (const [title, input, message] of contradictions) {
    it(`refuses ${title}`, () => {
      assert.throws(
        () => connectionSettings(values(input)),
        (error) => kernelErrors.configurationInvalid.is(error) && message.test(error.message),
      );
    });
  }
});
