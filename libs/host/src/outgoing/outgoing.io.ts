import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { type AddressInfo, Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { allowedAddresses, isInner, type Resolve, urlProblem } from "./addresses.ts";
import { callOut, type OutgoingCall } from "./call.ts";
import { isSignedBy, signedHeaders } from "./signing.ts";

const anHour = () => AbortSignal.timeout(3_600_000);

describe("a call out of the installation", () => {
  let server: Server;
  const received: string[] = [];

  before(async () => {
    server = createServer((request, response) => {
      received.push(`${request.method} ${request.headers.host} ${request.url}`);
      if (request.url === "/moved") response.writeHead(302, { location: url("/inside") }).end("{}");
      else if (request.url === "/large") response.end("x".repeat(200_000));
      else response.end('{"well": true}');
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const port = () => (server.address() as AddressInfo).port;
  const url = (path: string, host = "127.0.0.1") => `http://${host}:${port()}${path}`;
  const call = (options: Partial<OutgoingCall> & Pick<OutgoingCall, "url">) =>
    callOut({ method: "GET", headers: {}, arePrivateAllowed: true, signal: anHour(), ...options });

  it("has the answer", async () => {
    assert.equal(await call({ url: url("/") }), '{"well": true}');
    assert.equal(await call({ url: url("/"), method: "POST", body: "{}" }), '{"well": true}');
  });

  it("follows no redirect: the server that it leads to gets no request", async () => {
    received.length = 0;
    await assert.rejects(call({ url: url("/moved") }), { code: "outgoing.failed", message: /status 302/ });
    assert.deepEqual(
      received.map((line) => line.split(" ").at(-1)),
      ["/moved"],
    );
  });

  it("connects to the checked address, even if the name resolves to another one later", async () => {
    received.length = 0;
    const answers = ["127.0.0.1", "127.0.0.9"];
    let calls = 0;
    const resolve: Resolve = async () => [{ address: answers[calls++] ?? "", family: 4 }];
    assert.equal(await call({ url: url("/", "hooks.example"), resolve }), '{"well": true}');
    assert.equal(calls, 1, "its name is resolved once");
    assert.deepEqual(received, [`GET hooks.example:${port()} /`]);
  });

  it("never connects to a private address that its name resolves to", async (test) => {
    const connected: unknown[] = [];
    test.mock.method(Socket.prototype, "connect", function (this: Socket, ...args: unknown[]) {
      connected.push(args);
      return this;
    });
    const answers = [["10.0.0.8", "192.168.1.1"], ["169.254.169.254"], ["::1"], ["::ffff:127.0.0.1"]];
    for (const found of answers) {
      const resolve: Resolve = async () => found.map((address) => ({ address, family: 4 }));
      await assert.rejects(call({ url: "https://hooks.example/", arePrivateAllowed: false, resolve }), {
        code: "outgoing.refused",
        message: /its name leads into a private network\. Use a public https address/,
      });
    }
    assert.deepEqual(connected, []);
  });

  it("skips the private addresses of a name that has public ones too", async () => {
    const found = ["127.0.0.1", "93.184.216.34", "fd00::1"].map((address) => ({ address, family: 4 }));
    const allowed = await allowedAddresses("https://hooks.example/", false, async () => found);
    assert.deepEqual(
      allowed.map(({ address }) => address),
      ["93.184.216.34"],
    );
  });

  it("is over when its time is, also while its name is resolved", async () => {
    const over = new AbortController();
    const response = call({ url: url("/"), resolve: () => new Promise(() => {}), signal: over.signal });
    over.abort(new Error("no answer in 5 ms"));
    await assert.rejects(response, { code: "outgoing.failed", message: /no answer in 5 ms/ });
  });

  it("fails if the response exceeds the size limit", async () => {
    await assert.rejects(call({ url: url("/large") }), { message: /more than 65536 bytes/ });
    const text = await call({ url: url("/large"), answerBytesMax: 200_000 });
    assert.equal(text.length, 200_000);
  });
});

describe("addresses", () => {
  for (const [address, expected] of [
    ["10.1.2.3", true],
    ["127.0.0.1", true],
    ["169.254.169.254", true],
    ["100.64.0.1", true],
    ["203.0.113.9", true],
    ["::1", true],
    ["::", true],
    ["::10.0.0.1", true],
    ["::ffff:192.168.0.1", true],
    ["::ffff:c0a8:1", true],
    ["64:ff9b::a00:1", true],
    ["2002:a00:1::", true],
    ["fd00::1", true],
    ["fe80::1%eth0", true],
    ["fec0::1", true],
    ["no address", true],
    ["93.184.216.34", false],
    ["::ffff:93.184.216.34", false],
    ["2606:2800:220:1::1", false],
  ] as const)
    it(`${address} is ${expected ? "within" : "outside"}`, () => assert.equal(isInner(address), expected));

  for (const [label, written, problem] of [
    ["nothing", "", /not a URL/],
    ["http", "http://example.com/", /not https/],
    ["a file", "file:///etc/passwd", /not https/],
    ["a name", "https://a@example.com/", /password/],
    ["a password", "https://:b@example.com/", /password/],
    ["a private address", "https://192.168.1.1/", /private/],
    ["a private address as one number", "https://3232235777/", /private/],
    ["a private address in octal", "https://0177.0.0.1/", /private/],
    ["a private address in brackets", "https://[::1]/", /private/],
    ["a private address within one of version 6", "https://[::ffff:7f00:1]/", /private/],
  ] as const)
    it(`are refused with ${label}`, () => assert.match(urlProblem(written, false) ?? "", problem));

  it("are accepted if they are public, or private and allowed", () => {
    assert.equal(urlProblem("https://example.com/x", false), undefined);
    assert.equal(urlProblem("http://10.0.0.1/x", true), undefined);
  });
});

describe("signatures", () => {
  it("match the example of Standard Webhooks", () => {
    // The example of standardwebhooks.com, as its libraries have it in their tests.
    const signed = {
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      nowMs: 1_614_265_330_000,
      body: '{"test": 2432232314}',
    };
    const headers = signedHeaders("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", signed);
    assert.equal(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert.equal(headers["webhook-timestamp"], "1614265330");
  });

  it("verify only the signed content, with any of the secrets and any signature in the header", () => {
    const { "webhook-signature": signature = "" } = signedHeaders("hush", {
      ...{ id: "m", nowMs: 5_000, body: "{}" },
    });
    const signed = { id: "m", timestamp: "5", body: "{}" };
    assert.equal(isSignedBy(["hush"], signed, signature), true);
    assert.equal(isSignedBy(["new", "hush"], signed, `v1a,eA== v1,eA== ${signature}`), true);
    assert.equal(isSignedBy(["new"], signed, signature), false);
    for (const other of [{ id: "n" }, { timestamp: "6" }, { body: "{ }" }])
      assert.equal(isSignedBy(["hush"], { ...signed, ...other }, signature), false);
    for (const invalid of ["", "v1,", signature.slice(3), `v2${signature.slice(2)}`])
      assert.equal(isSignedBy(["hush"], signed, invalid), false);
  });
});
