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
import { type NewSignIn, SignIns } from "./sign-ins.ts";

const scope = Scope.fromPartial({ actions: ["workflow.*"], resources: { equals: { team: "a" } } });
const shown = { id: "k1", namespace: "shop", groups: ["night"], scope };
const ada: Principal = { kind: "person", id: "ada", roles: [], credential: shown };
const newSignIn: NewSignIn = {
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
    const created = new SignIns({
      clock: time,
      goodForMs: 3_600_000,
      store: new SignInFile(join(folder, name)),
    });
    await created.start(signal);
    return created;
  };

  it("have ids that are valid wherever an id is", async () => {
    const signIns = await opened("ids");
    for (let number = 0; number < 300; number++) {
      const { id } = await signIns.create(newSignIn, recorded);
      assert.match(id, /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/);
    }
  });

  it("survive a restart, with their principal and its scope", async () => {
    const { secret, ...signIn } = await (await opened("a")).create(newSignIn, recorded);
    const found = await (await opened("a")).find(secret);
    assert.deepEqual(found, signIn);
    const stored = await readFile(join(folder, "a"), "utf8");
    for (const hidden of [secret, signIn.id.repeat(2)]) assert.ok(!stored.includes(hidden));
  });

  it("do not exist if they cannot be recorded, also after a restart", async () => {
    const signIns = await opened("unrecorded");
    const unrecorded = () => Promise.reject(new Error("the audit is away"));
    await assert.rejects(signIns.create(newSignIn, unrecorded), /the audit is away/);
    assert.deepEqual([signIns.list(), (await opened("unrecorded")).list()], [[], []]);
  });

  it("end with their credential, if that ends sooner", async () => {
    const signIns = await opened("b");
    const { secret } = await signIns.create({ ...newSignIn, untilMs: time.now() + 60_000 }, recorded);
    assert.equal((await signIns.find(secret))?.endMs, time.now() + 60_000);
    time.advance(60_000);
    assert.equal(await signIns.find(secret), undefined);
    assert.deepEqual(signIns.list(), []);
  });

  it("of releases with only an administrator belong to the administrator", async () => {
    await writeFile(join(folder, "c"), JSON.stringify({ [hashOf("old")]: time.now() + 1_000 }));
    const found = await (await opened("c")).find("old");
    assert.deepEqual([found?.principal, found?.by], [localAdministrator, "link"]);
  });

  it("of later releases, and damaged ones, are invalid, because an unknown part may be a restriction", async () => {
    const { secret } = await (await opened("d")).create(newSignIn, recorded);
    const stored = JSON.parse(textIn(await readFile(join(folder, "d"), "utf8")) ?? "");
    const [[hash = "", entry]] = Object.entries<{ principal: { shown: { scope: object } } }>(stored) as [
      [string, { principal: { shown: { scope: object } } }],
    ];
    const { principal } = entry;
    const wider = {
      ...principal,
      shown: { ...principal.shown, scope: { ...principal.shown.scope, days: 1 } },
    };
    for (const other of [
      { ...entry, version: 3 },
      { ...entry, until: 1 },
      { ...entry, principal: wider },
      "x",
    ]) {
      await writeFile(join(folder, "d"), JSON.stringify({ [hash]: other }));
      assert.equal(await (await opened("d")).find(secret), undefined, JSON.stringify(other));
    }
  });

  it("report their last use to the minute, and are listed latest first", async () => {
    const signIns = await opened("e");
    const first = await signIns.create(newSignIn, recorded);
    time.advance(90_000);
    await signIns.create(newSignIn, recorded);
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
    const { id, secret } = await signIns.create(newSignIn, recorded);
    const isMeant = (signIn: { readonly id: string }) => signIn.id === id;
    // A folder has the name of the new file.
    await mkdir(join(folder, "g.new"));
    await assert.rejects(signIns.revoke(isMeant));
    assert.equal((await signIns.find(secret))?.id, id);
    await rm(join(folder, "g.new"), { recursive: true });
    assert.equal((await signIns.revoke(isMeant)).length, 1);
    assert.deepEqual([await signIns.find(secret), (await opened("g")).list()], [undefined, []]);
  });

  it("end with all that is open on their behalf", async () => {
    const signIns = await opened("f");
    const [one, other] = [
      await signIns.create(newSignIn, recorded),
      await signIns.create(newSignIn, recorded),
    ];
    const destroyed: string[] = [];
    const open = (name: string, closed = false) => ({
      closed,
      destroy: () => destroyed.push(name),
      once: () => undefined,
    });
    signIns.track(one, open("one"));
    // Its client left before.
    signIns.track(one, open("gone", true));
    signIns.track(other, open("other"));
    const ended = await signIns.revoke(({ id }) => id === one.id);
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
  it("end those of the user with the most, oldest first, with a record, and sign out no other user", async () => {
    const records: (readonly [string, string])[] = [];
    const by = (id: string, namespace: string) => ({ ...ada, id, credential: { ...shown, namespace } });
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
        ...{ resumeSignIn: () => undefined, issuerSite: () => undefined },
        pace: () => undefined,
        recordFailure: (_from, _account, error) => error,
      },
    });
    const signIn = (id: string, namespace: string) =>
      access.signIn(`tutti_live_:${id}:${namespace}`, { headers: {}, socket: new Socket() });
    const countOf = (idPrefix: string, namespace: string) =>
      access
        .signIns()
        .filter(
          ({ principal: { id, credential: by } }) => id.startsWith(idPrefix) && by?.namespace === namespace,
        ).length;
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
  const accessAt = (host: string, known: readonly string[], pageUrl = "") =>
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
        signInBy: async () => ({ principal: { ...ada, credential: shown }, kind: "key", untilMs: 1 }),
        signInByIssuer: async () => ({
          principal: { ...ada, credential: shown },
          kind: "id_token",
          untilMs: 1,
        }),
        ...{ resumeSignIn: () => undefined, doneAtEdge: async () => "recorded" },
        pace: () => undefined,
        recordFailure: (_from, _account, error) => error,
        issuerSite: (issuer) =>
          known.includes(issuer) ? ({} as ReturnType<NonNullable<Guarding>["issuerSite"]>) : undefined,
      },
    });
  type Guarding = ConstructorParameters<typeof Access>[0]["guard"];

  it("must be trusted, and need the public URL to redirect users back to", () => {
    assert.throws(() => accessAt("127.0.0.1", []), { code: "gateway.issuer_untrusted" });
    assert.throws(() => accessAt("0.0.0.0", ["https://id.example"]), {
      code: "gateway.url_needed",
      message: /Set it to the public URL/,
    });
    assert.equal(accessAt("0.0.0.0", ["https://id.example"], "https://t").signInMethods().length, 1);
    assert.equal(accessAt("127.0.0.1", ["https://id.example"]).signInMethods().length, 1);
  });
});
