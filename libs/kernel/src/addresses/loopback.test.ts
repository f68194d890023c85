import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isLoopbackHost } from "./loopback.ts";

describe("isLoopbackHost", () => {
  it("knows hosts that this machine alone reaches from all others", () => {
    for (const host of ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST", "a.localhost"])
      assert.ok(isLoopbackHost(host), host);
    for (const host of ["0.0.0.0", "::", "192.168.0.1", "127.0.0.1.example", "localhost.example", ""])
      assert.ok(!isLoopbackHost(host), host);
  });
});
