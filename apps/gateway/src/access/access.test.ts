import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { SecretReference } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { Access, type AccessOptions, type CallerRequest } from "./access.ts";
import { SignInFile, SignInsInMemory } from "./sign-in-store.ts";

const { signal } = new AbortController();
const host = "127.0.0.1:7400";

/** Returns a secret that a test can change. */
function keyOf(found: { secret: string }): SecretReference {
  return new SecretReference("env:KEY", { read: () => found, readLater: async () => found });
}

function accessWith(options: Partial<AccessOptions> = {}) {
  const time = new VirtualTime();
  const access = new Access({
    ...{ clock: time, host: "127.0.0.1", key: undefined, linkMs: 60_000, signInMs: 3_600_000 },
    ...{ secureCookie: false, store: new SignInsInMemory() },
    ...options,
  });
  return { time, access };
}

const requestWith = (headers: CallerRequest["headers"] = {}, remoteAddress = "127.0.0.1"): CallerRequest => ({
  headers: { host, ...headers },
  socket: Object.defineProperty(new Socket(), "remoteAddress", { value: remoteAddress }),
});
const browser = (headers: CallerRequest["headers"] = {}) =>
  requestWith({ "sec-fetch-site": "same-origin", ...headers });

const tokenOf = (url: string): string => new URL(url).searchParams.get("token") ?? "";
const cookieOf = (header: string): string => header.split(";", 1)[0] ?? "";

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "access-"));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

describe("access on a loopback address", () => {
  it("treats a program without credentials as the administrator of this machine", async () => {
    const { access } = accessWith();
    const { principal, by } = await access.callerOf(requestWith());
    assert.deepEqual([principal.id, by], ["local-admin", "loopback"]);
  });

  it("requires a sign-in from a browser, with instructions", async () => {
    const { access } = accessWith();
    await assert.rejects(access.callerOf(browser()), {
      code: "gateway.sign_in_needed",
      message:
        /needs a sign-in\. Open the link that the terminal shows, or get a new one with `tutti sign-in`\.$/,
    });
  });

  it("exchanges a link for a cookie that scripts cannot read and other sites cannot send", async () => {
    const { access } = accessWith();
    const { cookie } = await access.signIn(tokenOf(access.link("http://a").url), browser());
    assert.match(cookie, /^tutti-7400=[\w-]{43}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Strict$/);
    const { by } = await access.callerOf(browser({ cookie: `other=1; ${cookieOf(cookie)}` }));
    assert.equal(by, "cookie");
  });

  it("assumes TLS if it is configured", async () => {
    const { access } = accessWith({ secureCookie: true });
    const { cookie } = await access.signIn(tokenOf(access.link("http://a").url), browser());
    assert.match(cookie, /; Secure$/);
  });

  it("accepts only its own links, once and before they expire", async () => {
    const { time, access } = accessWith();
    const used = tokenOf(access.link("http://a").url);
    await access.signIn(used, browser());
    await assert.rejects(access.signIn(used, browser()), {
      code: "gateway.link_used",
      message: /link was already used\. Get a new link/,
    });
    const old = tokenOf(access.link("http://a").url);
    time.advance(60_000);
    await assert.rejects(access.signIn(old, browser()), {
      code: "gateway.link_expired",
      message: /has expired\. Get a new link/,
    });
    await assert.rejects(access.signIn("of-another", browser()), {
      code: "gateway.link_unknown",
      message: /link is unknown\. Get a new link/,
    });
  });

  it("ends a sign-in when it expires, and when the user signs out", async () => {
    const { time, access } = accessWith();
    const { cookie: first } = await access.signIn(tokenOf(access.link("http://a").url), browser());
    time.advance(3_600_000);
    const ended = { code: "gateway.sign_in_expired", message: /sign-in has expired\. Open the link/ };
    await assert.rejects(access.callerOf(browser({ cookie: cookieOf(first) })), ended);

    const { cookie: second } = await access.signIn(tokenOf(access.link("http://a").url), browser());
    const dropped = await access.signOut({ host, cookie: cookieOf(second) });
    assert.match(dropped, /^tutti-7400=; .*Max-Age=0;/);
    await assert.rejects(access.callerOf(browser({ cookie: cookieOf(second) })), ended);
  });

  it("keeps its sign-ins across a restart, in a file that cannot be used to sign in", async (t) => {
    const file = join(await folder(t), "gateway", "sign-ins.json");
    const before = accessWith({ store: new SignInFile(file) });
    await before.access.start(signal);
    const { cookie } = await before.access.signIn(tokenOf(before.access.link("http://a").url), browser());

    const { access } = accessWith({ store: new SignInFile(file) });
    await access.start(signal);
    assert.equal((await access.callerOf(browser({ cookie: cookieOf(cookie) }))).by, "cookie");
    const secret = cookieOf(cookie).slice("tutti-7400=".length);
    assert.ok(!(await readFile(file, "utf8")).includes(secret));
    assert.equal((await stat(file)).mode & 0o077, 0);
  });

  it("locks out an address after wrong links, but accepts a valid link from it", async () => {
    const { time, access } = accessWith();
    for (let tries = 0; tries < 21; tries++)
      await assert.rejects(access.signIn("wrong", browser()), { code: "gateway.link_unknown" });
    await assert.rejects(access.signIn("wrong", browser()), { code: "gateway.too_many_tries" });
    await access.signIn(tokenOf(access.link("http://a").url), browser());
    await assert.rejects(access.signIn("wrong", requestWith({}, "127.0.0.2")), {
      code: "gateway.link_unknown",
    });
    time.advance(10_000);
    await assert.rejects(access.signIn("wrong", browser()), { code: "gateway.link_unknown" });
  });
});

describe("access on any other address", () => {
  it("is not to be had without a key", () => {
    for (const address of ["0.0.0.0", "::", "10.0.0.7", "tutti.example"]) {
      assert.throws(() => accessWith({ host: address }), {
        code: "gateway.key_needed",
        message: new RegExp(
          `^\`gateway.key\` is not set, and other machines can reach ${address.replaceAll(".", "\\.")} `,
        ),
      });
    }
  });

  it("does not start without its key", async () => {
    const key = new SecretReference("env:NOWHERE", {
      read: () => ({ missing: "no such environment variable" }),
      readLater: async () => ({ missing: "no such environment variable" }),
    });
    const { access } = accessWith({ host: "0.0.0.0", key });
    await assert.rejects(access.start(signal), { message: /env:NOWHERE/ });
  });

  it("accepts the current key as a bearer, and nothing else", async () => {
    const found = { secret: "first" };
    const { access } = accessWith({ host: "0.0.0.0", key: keyOf(found) });
    await assert.rejects(access.callerOf(requestWith()), {
      code: "gateway.sign_in_needed",
      message: /Send `Authorization: Bearer` with your key or token, or with the key of this installation/,
    });
    assert.equal((await access.callerOf(requestWith({ authorization: "Bearer first" }))).by, "key");
    for (const authorization of ["Bearer wrong", "Bearer ", "Basic first", "first"])
      await assert.rejects(access.callerOf(requestWith({ authorization })), { code: "gateway.key_wrong" });
    found.secret = "second";
    await assert.rejects(access.callerOf(requestWith({ authorization: "Bearer first" })), {
      code: "gateway.key_wrong",
    });
    assert.equal((await access.callerOf(requestWith({ authorization: "Bearer second" }))).by, "key");
  });

  it("accepts a long key during a lock-out, and checks a short key once a second", async () => {
    for (const secret of ["k".repeat(32), "k".repeat(31)]) {
      const { time, access } = accessWith({ host: "0.0.0.0", key: keyOf({ secret }) });
      const attempt = (credential: string, from = "10.0.0.9") =>
        access.callerOf(requestWith({ authorization: `Bearer ${credential}` }, from)).then(
          () => "passed",
          ({ code }) => code,
        );
      for (let tries = 0; tries < 21; tries++) assert.equal(await attempt("wrong"), "gateway.key_wrong");
      assert.equal(await attempt("wrong"), "gateway.too_many_tries");
      assert.equal(await attempt(secret), secret.length === 32 ? "passed" : "gateway.too_many_tries");
      assert.equal(await attempt(secret, "10.0.0.8"), "passed");
      time.advance(1_000);
      assert.equal(await attempt(secret), "passed");
    }
  });

  it("signs a browser in with the key", async () => {
    const { access } = accessWith({ host: "0.0.0.0", key: keyOf({ secret: "key" }) });
    const { cookie } = await access.signIn("key", browser());
    assert.equal((await access.callerOf(browser({ cookie: cookieOf(cookie) }))).by, "cookie");
  });
});
