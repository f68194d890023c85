import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/transport-node";
import { kernelErrors } from "@tutti/kernel";
import { natsErrorOf, wrongRevisionOf } from "./errors.ts";

const api = (code: number, err_code: number, description: string): JetStreamApiError =>
  new JetStreamApiError({ code, err_code, description });

describe("natsErrorOf", () => {
  const cases: readonly [string, unknown, string, string][] = [
    ["no answer", new errors.TimeoutError(), "nats.unavailable", "same-key"],
    ["a lost connection", new errors.ConnectionError("connection refused"), "nats.unavailable", "same-key"],
    ["a closed connection", new errors.ClosedConnectionError(), "nats.unavailable", "same-key"],
    [
      "an unreachable host",
      Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" }),
      "nats.unavailable",
      "same-key",
    ],
    [
      "a cluster without a leader",
      api(503, 10008, "JetStream system temporarily unavailable"),
      "nats.unavailable",
      "same-key",
    ],
    [
      "a cluster not yet complete",
      api(400, 10005, "no suitable peers for placement"),
      "nats.unavailable",
      "same-key",
    ],
    [
      "wrong credentials",
      new errors.AuthorizationError("Authorization Violation"),
      "nats.not_authenticated",
      "never",
    ],
    [
      "a missing right",
      new errors.RequestError("x", { cause: new errors.PermissionViolationError("no", "publish", "$KV.a") }),
      "nats.forbidden",
      "never",
    ],
    ["a stream that is gone", api(404, 10059, "stream not found"), "nats.missing", "never"],
    [
      "servers with less room than a stream reserves",
      api(400, 10005, "no suitable peers for placement, insufficient storage"),
      "nats.no_space",
      "same-key",
    ],
    ["a full disk", api(500, 10047, "insufficient storage resources available"), "nats.no_space", "same-key"],
    [
      "a message above the limit of the connection",
      errors.InvalidArgumentError.format("payload", "max_payload size exceeded"),
      "nats.too_large",
      "never",
    ],
    [
      "a message above the limit of the stream",
      api(400, 10054, "message size exceeds maximum allowed"),
      "nats.too_large",
      "never",
    ],
    [
      "JetStream switched off",
      api(503, 10039, "jetstream not enabled for account"),
      "nats.jetstream_missing",
      "never",
    ],
    ["anything else", api(400, 10025, "invalid request"), "nats.failed", "never"],
  ];
  for (const [title, thrown, code, retry] of cases) {
    it(`reports ${title} as ${code}`, () => {
      const error = natsErrorOf("update of a", thrown);
      assert.deepEqual([error.code, error.retry, error.cause], [code, retry, thrown]);
    });
  }

  it("returns Tutti errors unchanged", () => {
    const error = kernelErrors.cancelled({ operation: "it" });
    assert.equal(natsErrorOf("update", error), error);
  });
});

describe("wrongRevisionOf", () => {
  it("recognises a lost compare-and-set, with and without the revision found", () => {
    assert.deepEqual(wrongRevisionOf(api(400, 10071, "wrong last sequence: 12")), { found: 12 });
    assert.deepEqual(wrongRevisionOf(api(400, 10164, "wrong last sequence")), { found: undefined });
    assert.equal(wrongRevisionOf(api(404, 10059, "stream not found")), undefined);
    assert.equal(wrongRevisionOf(new Error("wrong last sequence: 12")), undefined);
  });
});
