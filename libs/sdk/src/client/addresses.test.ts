import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clientAddresses } from "./addresses.ts";

describe("the address of a client", () => {
  it("is the option, else it is in TUTTI_ADDRESS, TUTTI_URL, or on this machine", () => {
    const environment = { TUTTI_ADDRESS: "10.0.0.1:7401,10.0.0.2:7401", TUTTI_URL: "https://tutti.example" };
    assert.deepEqual(clientAddresses("10.0.0.9:7401", environment), ["10.0.0.9:7401"]);
    assert.deepEqual(clientAddresses(undefined, environment), ["10.0.0.1:7401", "10.0.0.2:7401"]);
    assert.deepEqual(clientAddresses(undefined, { ...environment, TUTTI_ADDRESS: "" }), [
      "https://tutti.example",
    ]);
    assert.deepEqual(clientAddresses(undefined, { TUTTI_URL: "" }), ["http://127.0.0.1:7400"]);
  });

  it("is the URL itself, for this machine and for any other", () => {
    for (const url of ["http://127.0.0.1:7400", "http://tutti:7400", "https://example.org/tutti"])
      assert.deepEqual(clientAddresses(undefined, { TUTTI_URL: `${url}/` }), [url]);
  });

  it("is the URL before the link of a worker", () => {
    assert.deepEqual(clientAddresses(["wss://example.org/v1/link"], {}), ["https://example.org"]);
    assert.deepEqual(clientAddresses("ws://tutti:7400/a/v1/link", {}), ["http://tutti:7400/a"]);
  });

  const refused: readonly [unknown: string, said: RegExp][] = [
    ["tutti", /The option address: expected host:port, .* or a URL such as http.*, got "tutti"/],
    ["ftp://tutti:7400", /got "ftp:\/\/tutti:7400"/],
    ["http://tutti:7400,10.0.0.1:7401", /expected URLs alone, or none of them/],
  ];
  for (const [address, message] of refused)
    it(`is not ${address}`, () => assert.throws(() => clientAddresses(address, {}), { message }));
});
