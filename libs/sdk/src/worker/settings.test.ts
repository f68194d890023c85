import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resolveSettings, type WorkerOptions } from "./settings.ts";

describe("the address of a worker's link", () => {
  const cases: readonly (readonly [environment: Record<string, string>, address: string, server: string])[] =
    [
      [{}, "ws://127.0.0.1:7400/v1/link", "http://127.0.0.1:7400"],
      [{ TUTTI_URL: "http://127.0.0.1:8000" }, "ws://127.0.0.1:8000/v1/link", "http://127.0.0.1:8000"],
      [{ TUTTI_URL: "http://localhost:7410/" }, "ws://localhost:7410/v1/link", "http://localhost:7410"],
      [{ TUTTI_URL: "127.0.0.1:8000" }, "ws://127.0.0.1:8000/v1/link", "http://127.0.0.1:8000"],
      [{ TUTTI_URL: "http://[::1]:7400" }, "ws://[::1]:7400/v1/link", "http://[::1]:7400"],
      [
        { TUTTI_URL: "https://tutti.example.com" },
        "wss://tutti.example.com/v1/link",
        "https://tutti.example.com",
      ],
      [{ TUTTI_URL: "", TUTTI_ADDRESS: "" }, "ws://127.0.0.1:7400/v1/link", "http://127.0.0.1:7400"],
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

  it("is behind the option `server`, unless an address is set", () => {
    const resolved = (options: WorkerOptions, environment: Record<string, string> = {}) => {
      const { addresses, server } = resolveSettings(options, environment);
      return [addresses[0], server];
    };
    const server = "http://127.0.0.1:8000";
    const link = "ws://127.0.0.1:8000/v1/link";
    assert.deepEqual(resolved({ server }), [link, server]);
    assert.deepEqual(resolved({ server: "127.0.0.1:8000/" }), [link, server]);
    assert.deepEqual(resolved({ server }, { TUTTI_URL: "http://other:7400" }), [link, server]);
    assert.deepEqual(resolved({ server }, { TUTTI_ADDRESS: "10.0.0.1:9" }), ["10.0.0.1:9", server]);
    assert.deepEqual(resolved({ server, address: "10.0.0.1:9" }), ["10.0.0.1:9", server]);
    assert.throws(() => resolved({ server: "ftp://far" }), /The option server: expected a URL such as http/);
  });

  it("is each process of a list, below the path of a proxy", () => {
    const { addresses } = resolveSettings({}, { TUTTI_URL: "https://a/tutti/, https://b" });
    assert.deepEqual(addresses, ["wss://a/tutti/v1/link", "wss://b/v1/link"]);
  });

  it("is gRPC at the next port with certificates, unless the URL is https", () => {
    const credentials = { certificateAuthority: "PEM" };
    const addressFor = (TUTTI_URL: string) => resolveSettings({ credentials }, { TUTTI_URL }).addresses[0];
    assert.equal(addressFor("http://10.0.0.7:7400"), "10.0.0.7:7401");
    assert.equal(addressFor("https://10.0.0.7"), "wss://10.0.0.7/v1/link");
  });

  it("sends no key unencrypted to another machine, certificates or not", () => {
    const environment = { TUTTI_API_KEY: "key" };
    const link = (address: string, certificateAuthority?: string) => () =>
      resolveSettings(
        { address, credentials: { ...(certificateAuthority && { certificateAuthority }) } },
        environment,
      );
    assert.throws(link("ws://far:7400/v1/link"), /unencrypted/);
    assert.throws(link("ws://far:7400/v1/link", "PEM"), /unencrypted/);
    assert.throws(link("far:7401"), /unencrypted/);
    link("far:7401", "PEM")();
    link("wss://far/v1/link")();
  });

  it("rejects a TUTTI_URL that is no URL, and names the variable", () => {
    assert.throws(
      () => resolveSettings({}, { TUTTI_URL: "ftp://127.0.0.1:7400" }),
      /TUTTI_URL.*http:\/\/127/,
    );
  });

  it("shows TUTTI_API_KEY, or the older variable", () => {
    const keyFor = (environment: Record<string, string>) =>
      resolveSettings({}, environment).credentials.accessToken;
    assert.equal(keyFor({ TUTTI_API_KEY: "new", TUTTI_ACCESS_TOKEN: "older" }), "new");
    assert.equal(keyFor({ TUTTI_ACCESS_TOKEN: "older" }), "older");
  });
});
