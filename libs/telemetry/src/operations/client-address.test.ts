import assert from "node:assert/strict";
import { Socket } from "node:net";
import { describe, it } from "node:test";
import { ClientAddresses, type ProxySettings } from "./client-address.ts";
import { readProxyHeader } from "./proxy-protocol.ts";

const trustedProxies = ["10.0.0.2", "10.1.0.0/16", "fd00::/8"];

function addressOf(proxyHeader: ProxySettings["proxyHeader"], remote: string, value?: string): string {
  const socket = Object.defineProperty(new Socket(), "remoteAddress", { value: remote });
  return new ClientAddresses({ trustedProxies, proxyHeader }).of(
    socket,
    value === undefined ? {} : { [proxyHeader]: value },
  );
}

describe("the address of a client", () => {
  for (const [remote, value, client] of [
    ["192.0.2.7", "198.51.100.1", "192.0.2.7"],
    ["10.0.0.2", undefined, "10.0.0.2"],
    ["10.0.0.2", "198.51.100.1", "198.51.100.1"],
    ["::ffff:10.0.0.2", "198.51.100.1", "198.51.100.1"],
    ["10.0.0.2", "127.0.0.1, 198.51.100.1", "198.51.100.1"],
    ["10.0.0.2", "198.51.100.1, 10.1.2.3", "198.51.100.1"],
    ["10.0.0.2", "10.1.2.3", "10.1.2.3"],
    ["fd00::1", "[2001:db8::1]:4711", "2001:db8::1"],
    ["10.0.0.2", "198.51.100.1:80", "198.51.100.1"],
    ["10.0.0.2", "198.51.100.1, unknown", "10.0.0.2"],
    ["10.0.0.2", ",,", "10.0.0.2"],
  ] as const)
    it(`x-forwarded-for from ${remote}: ${value} is ${client}`, () => {
      assert.equal(addressOf("x-forwarded-for", remote, value), client);
    });

  for (const [value, client] of [
    ['for="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"],
    ["for=127.0.0.1, For=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"],
    ["proto=http;for=192.0.2.60, for=10.1.0.9", "192.0.2.60"],
    ["for=_hidden", "10.0.0.2"],
    ["by=192.0.2.60", "10.0.0.2"],
  ] as const)
    it(`forwarded: ${value} is ${client}`, () => {
      assert.equal(addressOf("forwarded", "10.0.0.2", value), client);
    });
});

describe("the header of the PROXY protocol", () => {
  const binary = (command: number, family: number, ...address: readonly number[]) =>
    Buffer.from([
      13,
      10,
      13,
      10,
      0,
      13,
      10,
      0x51,
      0x55,
      0x49,
      0x54,
      10,
      command,
      family,
      0,
      address.length,
      ...address,
    ]);
  const four = [192, 0, 2, 1, 10, 0, 0, 1, 0, 80, 1, 187];
  const six = [0x20, 1, 0xd, 0xb8, ...Array<number>(11).fill(0), 7, ...Array<number>(20).fill(0)];
  for (const [title, data, address] of [
    ["version 1", Buffer.from("PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n"), "192.0.2.1"],
    ["version 1 with IPv6", Buffer.from("PROXY TCP6 2001:db8::7 ::1 1 2\r\n"), "2001:db8::7"],
    ["version 1, unknown", Buffer.from("PROXY UNKNOWN\r\n"), undefined],
    ["version 2", binary(0x21, 0x11, ...four), "192.0.2.1"],
    ["version 2 with IPv6", binary(0x21, 0x21, ...six), "2001:db8::7"],
    ["version 2, of the proxy itself", binary(0x20, 0x00), undefined],
  ] as const)
    it(`is read only when complete: ${title}`, () => {
      const request = Buffer.from("GET / HTTP/1.1\r\n");
      assert.deepEqual(readProxyHeader(Buffer.concat([data, request])), {
        ...{ kind: "read", bytes: data.length, address },
      });
      for (let bytes = 0; bytes < data.length; bytes++)
        assert.equal(readProxyHeader(data.subarray(0, bytes)).kind, "more", `${bytes}`);
    });

  it("is rejected in any other form", () => {
    for (const data of [
      Buffer.from("GET / HTTP/1.1\r\n"),
      Buffer.from("PROXY TCP4 evil\r\n"),
      Buffer.from(`PROXY TCP4 ${"1".repeat(120)}`),
      binary(0x31, 0x11, ...four),
      binary(0x21, 0x21, ...four),
    ])
      assert.equal(readProxyHeader(data).kind, "wrong");
  });
});
