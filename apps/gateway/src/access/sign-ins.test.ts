import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Scope } from "@tutti/contracts/governance/v1";
import { textIn } from "@tutti/host";
import { localAdministrator, type Principal, SecretReference } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { Access } from "./access.ts";
import { hashOf } from "./secrets.ts";
import { SignInFile, SignInsInMemory } from "./sign-in-store.ts";
import { type BegunBy, SignIns } from "./sign-ins.ts";

const scope = Scope.fromPartial({ actions: ["workflow.*"], resources: { equals: { team: "a" } } });
const shown = { id: "k1", namespace: "shop", groups: ["night"], scope };
const ada: Principal = { kind: "person", id: "ada", roles: [], shown };
const begun: BegunBy = {
  ...{ principal: ada, by: "key", address: "10.0.0.9", browser: "a browser" },
  untilMs: Number.POSITIVE_INFINITY,
};

const { signal } = new AbortController();
const recorded = async () => {};

describe("sign-ins of browsers", () => {
  let folder: string;
  const time = new VirtualTime();
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sign-ins-"));
  });
  after(() => rm(folder, { recursive: true }));
  const opened = async (name: string): Promise<SignIns> => {
    const made = new SignIns({
      clock: time,
      goodForMs: 3_600_000,
      store: new SignInFile(join(folder, name)),
    });
    await made.start(signal);
    return made;
  };

  it("have ids that can stand wherever an id does", async () => {
    const signIns = await opened("ids");
    for (let number = 0; number < 300; number++) {
      const { id } = await signIns.begin(begun, recorded);
      assert.match(id, /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/);
    }
  });

  it("are known after a restart, with whom they stand for and what that is narrowed to", async () => {
    const { secret, ...signIn } = await (await opened("a")).begin(begun, recorded);
    const found = await (await opened("a")).find(secret);
    assert.deepEqual(found, signIn);
    const kept = await readFile(join(folder, "a"), "utf8");
    for (const hidden of [secret, signIn.id.repeat(2)]) assert.ok(!kept.includes(hidden));
  });

  it("are nothing at all where they are not recorded, neither here nor after a restart", async () => {
    const signIns = await opened("unrecorded");
    const unrecorded = () => Promise.reject(new Error("the audit is away"));
    await assert.rejects(signIns.begin(begun, unrecorded), /the audit is away/);
    assert.deepEqual([signIns.list(), (await opened("unrecorded")).list()], [[], []]);
  });

  it("end with what they were made with, if that is sooner", async () => {
    const signIns = await opened("b");
    const { secret } = await signIns.begin({ ...begun, untilMs: time.now() + 60_000 }, recorded);
    assert.equal((await signIns.find(secret))?.endMs, time.now() + 60_000);
    time.advance(60_000);
    assert.equal(await signIns.find(secret), undefined);
    assert.deepEqual(signIns.list(), []);
  });

  it("of releases that knew the administrator alone are his", async () => {
    await writeFile(join(folder, "c"), JSON.stringify({ [hashOf("old")]: time.now() + 1_000 }));
    const found = await (await opened("c")).find("old");
    assert.deepEqual([found?.principal, found?.by], [localAdministrator, "link"]);
  });

  it("of later releases, and damaged ones, are invalid: an unknown part may be the one that narrows them", async () => {
    const { secret } = await (await opened("d")).begin(begun, recorded);
    const kept = JSON.parse(textIn(await readFile(join(folder, "d"), "utf8")) ?? "");
    const [[hash = "", whole]] = Object.entries<{ principal: { shown: { scope: object } } }>(kept) as [
      [string, { principal: { shown: { scope: object } } }],
    ];
    const { principal } = whole;
    const wider = {
      ...principal,
      shown: { ...principal.shown, scope: { ...principal.shown.scope, days: 1 } },
    };
    for (const other of [
      { ...whole, version: 3 },
      { ...whole, until: 1 },
      { ...whole, principal: wider },
      "x",
    ]) {
      await writeFile(join(folder, "d"), JSON.stringify({ [hash]: other }));
      assert.equal(await (await opened("d")).find(secret), undefined, JSON.stringify(other));
    }
  });

  it("say to the minute when they were used, the latest first", async () => {
    const signIns = await opened("e");
    const first = await signIns.begin(begun, recorded);
    time.advance(90_000);
    await signIns.begin(begun, recorded);
    assert.deepEqual(
      signIns.list().map(({ startMs }) => time.now() - startMs),
      [0, 90_000],
    );
    assert.equal((await signIns.find(first.secret))?.useMs, time.now());
    time.advance(59_000);
    assert.equal((await signIns.find(first.secret))?.useMs, time.now() - 59_000);
  });

  it("are known until they could be ended: a retry after a failure ends them", async () => {
    const signIns = await opened("g");
    const { id, secret } = await signIns.begin(begun, recorded);
    const isMeant = (signIn: { readonly id: string }) => signIn.id === id;
    // A folder has the name of the new file.
    await mkdir(join(folder, "g.new"));
    await assert.rejects(signIns.end(isMeant));
    assert.equal((await signIns.find(secret))?.id, id);
    await rm(join(folder, "g.new"), { recursive: true });
    assert.equal((await signIns.end(isMeant)).length, 1);
    assert.deepEqual([await signIns.find(secret), (await opened("g")).list()], [undefined, []]);
  });

  it("end with all that is open on their behalf", async () => {
    const signIns = await opened("f");
    const [one, other] = [await signIns.begin(begun, recorded), await signIns.begin(begun, recorded)];
    const destroyed: string[] = [];
    const open = (name: string, closed = false) => ({
      closed,
      destroy: () => destroyed.push(name),
      once: () => undefined,
    });
    signIns.hold(one, open("one"));
    // Its client left before.
    signIns.hold(one, open("gone", true));
    signIns.hold(other, open("other"));
    const ended = await signIns.end(({ id }) => id === one.id);
    assert.deepEqual(
      ended.map(({ id }) => id),
      [one.id],
    );
    assert.deepEqual(destroyed, ["one"]);
    assert.deepEqual(
      [await signIns.find(one.secret), await (await opened("f")).find(one.secret)],
      [undefined, undefined],
    );
    assert.notEqual(await signIns.find(other.secret), undefined);
  });
});

describe("more sign-ins than there may be", () => {
  it("end those of the user with the most, the oldest first, with a record: no other user is signed out", async () => {
    const records: (readonly [string, string])[] = [];
    const by = (id: string, namespace: string) => ({ ...ada, id, shown: { ...shown, namespace } });
    const access = new Access({
      ...{ clock: new VirtualTime(), host: "127.0.0.1", key: undefined, linkMs: 1, signInMs: 60_000 },
      ...{ secureCookie: false, store: new SignInsInMemory() },
      guard: {
        signInBy: async (token) => {
          const [, id = "", namespace = ""] = token.split(":");
          const untilMs = Number.POSITIVE_INFINITY;
          return { principal: by(id, namespace), kind: "key", untilMs };
        },
        doneAtEdge: async ({ action, cause }) => {
          records.push([action, cause?.reason ?? ""]);
          return "recorded";
        },
        identifyBy: async () => ada,
        signInByIssuer: async () => assert.fail("no user comes from an issuer"),
        ...{ goOn: () => undefined, issuerSite: () => undefined },
        pace: () => undefined,
        recordFailure: (_from, _account, error) => error,
      },
    });
    const signIn = (id: string, namespace: string) =>
      access.signIn(`tutti_live_:${id}:${namespace}`, { headers: {}, socket: new Socket() });
    const countOf = (who: string, where: string) =>
      access
        .signIns()
        .filter(({ principal: { id, shown: by } }) => id.startsWith(who) && by?.namespace === where).length;
    await signIn("bob", "shop");
    await signIn("eve", "shop");
    for (let number = 0; number < 1_100; number++) await signIn("ada", "shop");
    assert.deepEqual(
      [countOf("bob", "shop"), countOf("eve", "shop"), access.signIns().length],
      [1, 1, 1_000],
    );
    // A tenant that invents users only signs out its own users.
    for (let number = 0; number < 600; number++) await signIn(`made-up-${number}`, "mill");
    assert.deepEqual(
      [countOf("bob", "shop"), countOf("made-up", "mill"), countOf("", "shop")],
      [1, 500, 500],
    );
    const ends = records.filter(([action]) => action === "gateway.sign_ins.end");
    assert.deepEqual([ends.length, ends[0]?.[1]], [1_702 - 1_000, "more were signed in than may be"]);
  });
});

describe("issuers to sign in by", () => {
  const settings = { title: "ID", clientId: "c", scopes: [], lastsMs: 60_000, clientSecret: undefined };
  const key = new SecretReference("env:KEY", {
    read: () => ({ secret: "k" }),
    readLater: async () => ({ secret: "k" }),
  });
  const made = (host: string, known: readonly string[], pageUrl = "") =>
    new Access({
      clock: new VirtualTime(),
      host,
      key,
      linkMs: 1,
      signInMs: 1,
      secureCookie: false,
      store: new SignInsInMemory(),
      ...{ pageUrl, issuers: { "https://id.example": settings } },
      guard: {
        identifyBy: async () => ada,
        signInBy: async () => ({ principal: { ...ada, shown }, kind: "key", untilMs: 1 }),
        signInByIssuer: async () => ({ principal: { ...ada, shown }, kind: "id_token", untilMs: 1 }),
        ...{ goOn: () => undefined, doneAtEdge: async () => "recorded" },
        pace: () => undefined,
        recordFailure: (_from, _account, error) => error,
        issuerSite: (issuer) =>
          known.includes(issuer) ? ({} as ReturnType<NonNullable<Guarding>["issuerSite"]>) : undefined,
      },
    });
  type Guarding = ConstructorParameters<typeof Access>[0]["guard"];

  it("have to be trusted, and to know where to send people back to", () => {
    assert.throws(() => made("127.0.0.1", []), { code: "gateway.issuer_untrusted" });
    assert.throws(() => made("0.0.0.0", ["https://id.example"]), {
      code: "gateway.url_needed",
      message: /Set it to the public URL/,
    });
    assert.equal(made("0.0.0.0", ["https://id.example"], "https://t").waysToSignIn().length, 1);
    assert.equal(made("127.0.0.1", ["https://id.example"]).waysToSignIn().length, 1);
  });
});
