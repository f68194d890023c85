import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Metadata, status } from "@grpc/grpc-js";
import { type RetryClass, type Status, TuttiError } from "@tutti/kernel";
import { methodsOf } from "../../calls/method.ts";
import { noteService } from "../../testing/index.ts";
import { errorOfStatus, statusOf } from "./status.ts";

const method = methodsOf(noteService).find(([key]) => key === "get")?.[1];
assert.ok(method !== undefined);
const get = method;

describe("the error behind a status of gRPC", () => {
  const table: readonly (readonly [status, string, string, Status, RetryClass])[] = [
    [
      status.UNAVAILABLE,
      "No connection established. Last error: ECONNREFUSED",
      "mesh.no_connection",
      "UNAVAILABLE",
      "elsewhere",
    ],
    [
      status.UNAVAILABLE,
      "Name resolution failed for target dns:x:1",
      "mesh.no_connection",
      "UNAVAILABLE",
      "elsewhere",
    ],
    [status.UNAVAILABLE, "Stream refused by server", "mesh.no_connection", "UNAVAILABLE", "elsewhere"],
    [status.UNAVAILABLE, "Connection dropped", "mesh.connection_lost", "UNAVAILABLE", "same-key"],
    [status.UNAVAILABLE, "read ECONNRESET", "mesh.connection_lost", "UNAVAILABLE", "same-key"],
    [
      status.INTERNAL,
      "Received RST_STREAM with code 2 (Internal server error)",
      "mesh.connection_lost",
      "UNAVAILABLE",
      "same-key",
    ],
    [
      status.INTERNAL,
      "Failed to start HTTP/2 stream with error x",
      "mesh.no_connection",
      "UNAVAILABLE",
      "elsewhere",
    ],
    [status.INTERNAL, "Write error: write after end", "mesh.connection_lost", "UNAVAILABLE", "same-key"],
    [status.CANCELLED, "Call cancelled", "mesh.connection_lost", "UNAVAILABLE", "same-key"],
    [
      status.DEADLINE_EXCEEDED,
      "Deadline exceeded",
      "kernel.deadline_exceeded",
      "DEADLINE_EXCEEDED",
      "same-key",
    ],
    [
      status.RESOURCE_EXHAUSTED,
      "Received message larger than max (9 vs 8)",
      "mesh.too_large_for_peer",
      "RESOURCE_EXHAUSTED",
      "never",
    ],
    [
      status.UNIMPLEMENTED,
      "The server does not implement the method",
      "mesh.no_handler",
      "UNIMPLEMENTED",
      "never",
    ],
    [status.INTERNAL, "something else", "kernel.foreign_status", "INTERNAL", "never"],
    [status.UNAUTHENTICATED, "who are you", "kernel.foreign_status", "UNAUTHENTICATED", "never"],
  ];
  for (const [code, details, expected, expectedStatus, retry] of table) {
    it(`${status[code]} "${details}" is ${expected}`, () => {
      const error = errorOfStatus(get, "10.0.0.1:7401", { code, details, metadata: new Metadata() });
      assert.deepEqual([error.code, error.status, error.retry], [expected, expectedStatus, retry]);
    });
  }

  it("names the cause of a failed connection, without the text of the library", () => {
    const details =
      "No connection established. Last error: Error: connect ECONNREFUSED 10.0.0.1:7401 (2026-01-31T12:00:00.000Z). Resolution note: ";
    const metadata = new Metadata();
    const error = errorOfStatus(get, "10.0.0.1:7401", { code: status.UNAVAILABLE, details, metadata });
    assert.match(error.message, /\(connect ECONNREFUSED 10\.0\.0\.1:7401\)/);
  });

  it("equals the error that the peer threw", () => {
    const thrown = new TuttiError({
      code: "notes.gone",
      status: "NOT_FOUND",
      message: "expected a note, got none",
      retry: "same-key",
      retryAfterMs: 20,
      details: { key: "k1" },
    });
    const arrived = errorOfStatus(get, "10.0.0.1:7401", statusOf(thrown));
    assert.deepEqual({ ...arrived, message: arrived.message }, { ...thrown, message: thrown.message });
  });
});
