import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isSecretKey, redactText } from "./redaction.ts";

describe("keys of secrets", () => {
  for (const key of [
    "token",
    "accessToken",
    "refresh_tokens",
    "password",
    "DB_PASSWORD",
    "passphrase",
    "clientSecret",
    "authorization",
    "Proxy-Authorization",
    "set-cookie",
    "credentials",
    "apiKey",
    "x-api-key",
    "privateKey",
    "jwt",
  ]) {
    it(`${key} is a key of a secret`, () => assert.equal(isSecretKey(key), true));
  }

  for (const key of [
    "tokenCount",
    "idempotencyKey",
    "key",
    "publicKey",
    "secretary",
    "passwordless",
    "author",
    "keys",
    "",
  ]) {
    it(`${key === "" ? "no name" : key} is none`, () => assert.equal(isSecretKey(key), false));
  }
});

describe("secrets in texts", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["connecting to nats://tutti:s3cret@10.0.0.1:4222", "connecting to nats://[redacted]@10.0.0.1:4222"],
    ["nats://s3cret@a:1, nats://b:2", "nats://[redacted]@a:1, nats://b:2"],
    ["https://example.com/a@b?c=d@e", "https://example.com/a@b?c=d@e"],
    ["Authorization: Bearer abc.def-ghi_jkl", "Authorization: Bearer [redacted]"],
    ["the bearer of this", "the bearer of this"],
    ["no access: user=app&password=hunter2", "no access: user=app&password=[redacted]"],
    ['{"token": "abc", "n": 1}', '{"token": "[redacted]", "n": 1}'],
    ["`nats.token` is a secret: expected a reference", "`nats.token` is a secret: expected a reference"],
    ["unexpected token: }", "unexpected token: }"],
    ["a plain sentence", "a plain sentence"],
  ];
  for (const [text, expected] of cases) {
    it(`"${text}" becomes "${expected}"`, () => assert.equal(redactText(text), expected));
  }
});
