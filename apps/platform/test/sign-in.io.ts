/** Users sign in to the dashboard by a key or by an external account, and have only their own rights. */
import assert from "node:assert/strict";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { TestIssuer } from "@tutti/host/testing";
import { until } from "@tutti/kernel/testing";
import { Client } from "@tutti/rest/client";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const clientId = "tutti-page";
const clientSecret = "a secret of the client";

/** The part of a browser that signs in: cookies, and redirects. */
class Browser {
  readonly #page: string;
  readonly #cookies = new Map<string, string>();

  constructor(page: string) {
    this.#page = page;
  }

  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const address = new URL(path, this.#page);
    const isOurs = address.origin === this.#page;
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const own = isOurs ? { cookie, "sec-fetch-site": "same-origin" } : {};
    const headers = { ...own, ...init.headers };
    const answer = await fetch(address, { ...init, headers, redirect: "manual" });
    if (isOurs) for (const set of answer.headers.getSetCookie()) this.#storeCookie(set);
    return answer;
  }

  async send(path: string, body: object): Promise<Response> {
    const headers = { "content-type": "application/json", origin: this.#page };
    return this.request(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /** Returns the target of the redirect. */
  async led(path: string): Promise<string> {
    const answer = await this.request(path);
    await answer.body?.cancel();
    return answer.headers.get("location") ?? `${answer.status}`;
  }

  async principal(): Promise<string> {
    const answer = await this.request("/v1/whoami");
    const reply = (await answer.json()) as { kind?: string; id?: string; code?: string };
    return reply.code ?? `${reply.kind}:${reply.id}`;
  }

  #storeCookie(set: string): void {
    const [pair = ""] = set.split(";", 1);
    const at = pair.indexOf("=");
    if (/; Max-Age=0(;|$)/.test(set)) this.#cookies.delete(pair.slice(0, at));
    else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

describe("signing in to the page", () => {
  let folder: Folder;
  let issuer: TestIssuer;
  let platform: Service;
  let admin: Client;
  const by = () => `/sign-in/by?${new URLSearchParams({ issuer: issuer.url, to: "/runs?status=failed" })}`;

  before(async () => {
    folder = await makeFolder();
    let page = "";
    const clients = () => [{ clientId, clientSecret, redirect: `${page}/sign-in/back` }];
    issuer = await TestIssuer.open(clients);
    const trusted = { audiences: ["tutti-calls"], idPrefix: "id|" };
    const known = { title: "Example ID", clientId, clientSecret: "env:CLIENT_SECRET" };
    platform = await start(
      "platform",
      [
        `--platform.dataDirectory=${folder.path}/data`,
        `--access.issuers=${JSON.stringify({ [issuer.url]: trusted })}`,
        `--gateway.signIn=${JSON.stringify({ [issuer.url]: known })}`,
        "--access.failuresBeforeLockout=100000",
      ],
      { environment: { CLIENT_SECRET: clientSecret } },
    );
    page = platform.http;
    admin = new Client({ url: platform.http });
    const actor = { kind: "person", id: "id|ada" } as const;
    await admin.call("roleBindings.create", { body: { bindingId: "ada-views", role: "viewer", actor } });
    await admin.call("roleBindings.create", {
      body: { bindingId: "night-starts", role: "developer", group: "night" },
    });
  });
  after(async () => {
    await platform?.stop();
    await issuer?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** Signs in through the issuer and back. */
  async function signedIn(): Promise<Browser> {
    const browser = new Browser(platform.http);
    const callbackUrl = await browser.led(await browser.led(by()));
    assert.equal(await browser.led(callbackUrl), "/runs?status=failed");
    return browser;
  }

  async function keyOf(id: string, role: string, fields: object = {}) {
    const actor = { kind: "person", id } as const;
    await admin.call("roleBindings.create", { body: { bindingId: `${id}-${role}`, role, actor } });
    const { secret = "", key } = await admin.call("keys.create", { body: { actor, title: "t", ...fields } });
    return { secret, keyId: key?.keyId ?? "" };
  }

  /** Signs in with a key, after the bundle with the key has arrived. */
  async function byKey(secret: string): Promise<Browser> {
    const browser = new Browser(platform.http);
    await until("the key to be known", async () => {
      const answer = await browser.send("/v1/sign-in", { token: secret });
      await answer.body?.cancel();
      return answer.status === 200;
    });
    return browser;
  }

  it("by a link on another site asks for confirmation first", async () => {
    const { url = "" } = await admin.call("signInLink");
    const path = url.slice(new URL(url).origin.length);
    const browser = new Browser(platform.http);
    const visit = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    // `fetch` sets these headers itself.
    const response = await new Promise<IncomingMessage>((done, fail) => {
      get(url, { headers: visit }, done).once("error", fail);
    });
    assert.deepEqual([response.statusCode, response.headers["set-cookie"]], [200, undefined]);
    assert.ok((await text(response)).includes(`<a href="${path}">Sign in</a>`));
    assert.equal(await browser.led(path), "/");
    assert.equal(await browser.principal(), "person:local-admin");
  });

  it("offers the configured issuers to every visitor", async () => {
    const { issuers } = await admin.call("waysToSignIn");
    assert.deepEqual(
      issuers.map(({ issuer: name, title }) => [name, title]),
      [[issuer.url, "Example ID"]],
    );
  });

  it("by an external account gives its rights and those of its groups, and no others", async () => {
    const ada = await signedIn();
    assert.equal(await ada.principal(), "person:id|ada");
    const listed = await ada.request("/v1/runs");
    assert.equal(listed.status, 200);
    const start = () => ada.send("/v1/runs", { definition: { name: "none" } });
    const refused = await start();
    const { code, details } = (await refused.json()) as { code: string; details: Record<string, string> };
    assert.deepEqual([refused.status, code, details["action"]], [403, "mesh.denied", "workflow.runs.start"]);

    issuer.person = { sub: "ada", groups: ["night"] };
    const night = await signedIn();
    const nightly = () => night.send("/v1/runs", { definition: { name: "none" } });
    await until("the right of the group to be known", async () => (await nightly()).status !== 403);
    issuer.person = { sub: "ada" };
  });

  it("refuses a callback in another browser, a repeated callback, and a callback with another user's code", async () => {
    const browser = new Browser(platform.http);
    const callbackUrl = await browser.led(await browser.led(by()));
    const stranger = new Browser(platform.http);
    assert.equal(await stranger.led(callbackUrl), "401", "the browser that was sent alone comes back");
    const other = new URL(callbackUrl);
    other.searchParams.set("state", "guessed");
    assert.equal(await browser.led(other.href), "401");
    // The sign-in has ended, even though it failed.
    assert.equal(await browser.led(callbackUrl), "401");
    assert.equal(await stranger.principal(), "gateway.sign_in_needed");

    const secondBrowser = new Browser(platform.http);
    const second = await secondBrowser.led(await secondBrowser.led(by()));
    assert.equal(await secondBrowser.led(second), "/runs?status=failed");
    assert.equal(await secondBrowser.led(second), "401");
    // The code of one user in the browser of another.
    const mixed = new Browser(platform.http);
    const mine = new URL(await mixed.led(await mixed.led(by())));
    mine.searchParams.set("code", new URL(second).searchParams.get("code") ?? "");
    assert.equal(await mixed.led(mine.href), "503");
  });

  it("rejects an ID token of another client or sign-in, and an issuer that does not name itself", async () => {
    for (const wrongly of [{ aud: "another" }, { nonce: "of another" }, { exp: 1 }, { iss: "https://a.b" }]) {
      issuer.wrongly = wrongly;
      const browser = new Browser(platform.http);
      const callbackUrl = await browser.led(await browser.led(by()));
      assert.equal(await browser.led(callbackUrl), "401", JSON.stringify(wrongly));
      assert.equal(await browser.principal(), "gateway.sign_in_needed");
    }
    issuer.wrongly = {};
    for (const named of [undefined, "https://evil.example"]) {
      const browser = new Browser(platform.http);
      const callbackUrl = new URL(await browser.led(await browser.led(by())));
      callbackUrl.searchParams.delete("iss");
      if (named !== undefined) callbackUrl.searchParams.set("iss", named);
      assert.equal(await browser.led(callbackUrl.href), "401", named);
    }
  });

  it("shows the issuer's refusal in words, and never redirects away from this page", async () => {
    const browser = new Browser(platform.http);
    const callbackUrl = new URL(await browser.led(await browser.led(by())));
    callbackUrl.searchParams.set("error", "access_denied<script>");
    const answer = await browser.request(callbackUrl.href);
    const text = await answer.text();
    assert.match(text, /You are not signed in.*access_denied&lt;script&gt;/s);
    for (const to of ["//evil.example/", "https://evil.example/", "/\\evil.example", "/sign-in/by"]) {
      const led = new Browser(platform.http);
      const path = `/sign-in/by?${new URLSearchParams({ issuer: issuer.url, to })}`;
      assert.equal(await led.led(await led.led(await led.led(path))), "/", to);
    }
    assert.equal(await browser.led("/sign-in/by?issuer=https://evil.example"), "404");
  });

  it("by a key gives its actor and scope, and lasts as long as the key", async () => {
    const { secret, keyId } = await keyOf("bob", "developer", { scope: { actions: ["workflow.runs.list"] } });
    const bob = await byKey(secret);
    assert.equal(await bob.principal(), "person:bob");
    assert.equal((await bob.request("/v1/runs")).status, 200);
    assert.equal((await bob.request("/v1/sessions")).status, 403);
    const { keys } = await admin.call("keys.list");
    assert.equal(keys.find((key) => key.keyId === keyId)?.revoked ?? false, false);
    await admin.call("keys.revoke", { params: { id: keyId }, body: { reason: "lost" } });
    await until("the sign-in to end with its key", async () => (await bob.principal()) !== "person:bob");
    assert.match(await bob.principal(), /^gateway\.sign_in_expired$/);
  });

  it("shows a user's missing rights, the roles with these rights, and the users who can grant them", async () => {
    await keyOf("root", "admin");
    const { secret } = await keyOf("vic", "viewer");
    const vic = await byKey(secret);
    const answer = await vic.request("/v1/missing-rights");
    const { who, roles, givers, missing } = (await answer.json()) as {
      who: string;
      roles: string[];
      givers: string[];
      missing: { route: string; action: string; why: string; roles: string[] }[];
    };
    assert.deepEqual([who, roles, givers], ["person:vic", ["viewer"], ["person:root"]]);
    const start = missing.find(({ route }) => route === "runs.start");
    assert.deepEqual([start?.why, start?.roles], ["missing", ["operator", "developer", "admin"]]);
    assert.equal(
      missing.some(({ route }) => route === "runs.list"),
      false,
    );
    // The page reports the real state.
    assert.equal((await vic.send("/v1/runs", { definition: { name: "x" } })).status, 403);
    assert.deepEqual((await admin.call("missingRights")).missing, []);
  });

  it("is listed and ended by its user, or by a caller with the right, together with its open streams", async () => {
    const { secret } = await keyOf("kim", "viewer");
    const [one, two] = [await byKey(secret), await byKey(secret)];
    const mine = async (browser: Browser) =>
      (await (await browser.request("/v1/sign-ins?mine=true")).json()) as {
        signIns: { id: string; who: string; own: boolean; by: string; address: string }[];
      };
    const { signIns } = await mine(one);
    assert.deepEqual(
      signIns.map(({ who, by: method, address }) => [who, method, address]),
      [0, 1].map(() => ["person:kim", "key", "127.0.0.1"]),
    );
    assert.equal(signIns.filter(({ own }) => own).length, 1);
    assert.equal((await one.request("/v1/sign-ins")).status, 403);
    const all = await admin.call("signIns.list");
    const others = all.signIns.find(({ who }) => who !== "person:kim");
    assert.equal((await one.send("/v1/sign-ins/revoke", { id: others?.id })).status, 403);
    assert.equal((await one.send("/v1/sign-ins/revoke", {})).status, 400);

    const following = await two.request("/v1/events");
    assert.equal(following.status, 200);
    const other = signIns.find(({ own }) => !own);
    assert.equal((await one.send("/v1/sign-ins/revoke", { id: other?.id })).status, 200);
    await assert.rejects(following.text(), "what it followed ends with it");
    assert.equal(await two.principal(), "gateway.sign_in_expired");
    assert.equal(await one.principal(), "person:kim");
    const { revoked } = await admin.call("signIns.revoke", { body: { who: "person:kim" } });
    assert.equal(revoked, 1);
    assert.equal(await one.principal(), "gateway.sign_in_expired");
  });

  it("is recorded in the audit log: user, address, method, and the user who ended it", async () => {
    const { secret } = await keyOf("lin", "viewer");
    const browsers = [await byKey(secret), await byKey(secret)];
    const { signIns } = await admin.call("signIns.list");
    const ids = signIns.filter(({ who }) => who === "person:lin").map(({ id }) => id);
    assert.equal(ids.length, 2);
    assert.ok((await browsers[0]?.send("/v1/sign-out", {}))?.ok);
    assert.equal((await admin.call("signIns.revoke", { body: { who: "person:lin" } })).revoked, 1);
    const records = await until(
      "all of it to be recorded",
      async () => {
        const query = { action: "gateway.sign_ins.*", namespace: "default" };
        const found = await admin.call("audit.search", { query });
        return found.records.filter(({ work }) => ids.includes(work?.id ?? ""));
      },
      (found) => found.length === 4,
    );
    const entries = records.map(({ action, cause, address, result }) =>
      [action, cause?.actor?.id, cause?.reason, address, result].join(" "),
    );
    assert.deepEqual(entries.sort(), [
      "gateway.sign_ins.begin lin by key 127.0.0.1 done",
      "gateway.sign_ins.begin lin by key 127.0.0.1 done",
      "gateway.sign_ins.end lin signed out 127.0.0.1 done",
      "gateway.sign_ins.end local-admin ended by a caller with the right to end sign-ins 127.0.0.1 done",
    ]);
  });

  it("is refused to pages of other origins, even with a sign-in there", async () => {
    const ada = await signedIn();
    for (const headers of [{ origin: "http://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      const answer = await ada.request("/v1/sign-ins/revoke", { method: "POST", headers, body: "{}" });
      assert.deepEqual(
        [answer.status, ((await answer.json()) as { code: string }).code],
        [403, "gateway.origin_foreign"],
      );
    }
  });
});
