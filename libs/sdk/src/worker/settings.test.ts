import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resolveSettings } from "./settings.ts";

describe("where a worker links", () => {
  const cases: readonly (readonly [environment: Record<string, string>, address: string, server: string])[] =
    [
      [{}, "127.0.0.1:7401", "http://127.0.0.1:7400"],
      [{ TUTTI_URL: "http://127.0.0.1:8000" }, "127.0.0.1:8001", "http://127.0.0.1:8000"],
      [{ TUTTI_URL: "http://localhost:7410/" }, "localhost:7411", "http://localhost:7410"],
      [{ TUTTI_URL: "http://[::1]:7400" }, "[::1]:7401", "http://[::1]:7400"],
      [
        { TUTTI_URL: "https://tutti.example.com" },
        "wss://tutti.example.com/v1/link",
        "https://tutti.example.com",
      ],
      [{ TUTTI_URL: "http://tutti:7400" }, "ws://tutti:7400/v1/link", "http://tutti:7400"],
      [
        { TUTTI_URL: "http://127.0.0.1:8000", TUTTI_ADDRESS: "10.0.0.1:9" },
        "10.0.0.1:9",
        "http://127.0.0.1:8000",
      ],
    ];
  for (const [environment, address, server] of cases)
    it(`is ${address} for ${JSON.stringify(environment)}`, () => {
      const settings = resolveSettings({}, environment);
      assert.deepEqual([settings.addresses, settings.server], [[address], server]);
    });

  it("rejects a TUTTI_URL that is no URL, and names the variable", () => {
    assert.throws(() => resolveSettings({}, { TUTTI_URL: "127.0.0.1:7400" }), /TUTTI_URL.*http:\/\/127/);
  });

  it("shows TUTTI_API_KEY, or the older variable", () => {
    const keyFor = (environment: Record<string, string>) =>
      resolveSettings({}, environment).credentials.accessToken;
    assert.equal(keyFor({ TUTTI_API_KEY: "new", TUTTI_ACCESS_TOKEN: "older" }), "new");
    assert.equal(keyFor({ TUTTI_ACCESS_TOKEN: "older" }), "older");
  });
});
