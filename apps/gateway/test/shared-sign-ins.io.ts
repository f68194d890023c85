/** Gateways that share a NATS server know the same sign-ins. */
import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { localAdministrator, silentLogger, systemFoundation } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Bucket } from "@tutti/nats";
import { connectionTo, type NatsAccount, natsAccount, natsServerProgram } from "@tutti/nats/testing";
import { CookieSeal, newSealKey } from "../src/access/issuers/sealed-cookie.ts";
import { hashOf } from "../src/access/secrets.ts";
import { SharedSignIns } from "../src/access/shared-sign-ins.ts";
import type { SignIn } from "../src/access/sign-in.ts";
import { type NewSignIn, SignIns } from "../src/access/sign-ins.ts";

const program = await natsServerProgram();
const foundation = systemFoundation({ logger: silentLogger });
const newSignIn: NewSignIn = {
  ...{ principal: localAdministrator, by: "link", address: "10.0.0.9", browser: "a browser" },
  untilMs: Number.POSITIVE_INFINITY,
};
const minuteMs = 60_000;
const forMs = 60 * minuteMs;

const recorded = async () => {};

describe("sign-ins that gateways share", { skip: program.skip }, () => {
  let account: NatsAccount;
  const connections: Awaited<ReturnType<typeof connectionTo>>[] = [];
  const opened: SignIns[] = [];
  let passedMs = 0;

  async function storeOf(): Promise<SharedSignIns> {
    const connection = await connectionTo([account.address], { settings: account.settings });
    connections.push(connection);
    return new SharedSignIns({ connection: Promise.resolve(connection), foundation, replicas: 1, forMs });
  }

  async function gateway(shared?: SharedSignIns): Promise<SignIns> {
    const store = shared ?? (await storeOf());
    const clock = { ...foundation.clock, now: () => foundation.clock.now() + passedMs };
    const signIns = new SignIns({ clock, goodForMs: forMs, store });
    await signIns.start(AbortSignal.timeout(60_000));
    opened.push(signIns);
    return signIns;
  }

  before(async () => {
    account = await natsAccount();
  });
  after(async () => {
    for (const signIns of opened) await signIns.stop();
    for (const connection of connections) await connection[Symbol.asyncDispose]();
  });

  /** Opens a connection for a sign-in. Resolves when the connection is closed. */
  function closedConnection(signIns: SignIns, signIn: Parameters<SignIns["track"]>[0]): Promise<void> {
    return new Promise((resolve) =>
      signIns.track(signIn, { closed: false, destroy: () => resolve(), once: () => undefined }),
    );
  }

  it("are found at another gateway at once, and after a restart", async () => {
    const [one, other] = [await gateway(), await gateway()];
    const { secret, ...signIn } = await one.create(newSignIn, recorded);
    assert.deepEqual(await other.find(secret), signIn);
    assert.deepEqual(await (await gateway()).find(secret), signIn);
    assert.equal(await other.find("made up"), undefined);
  });

  it("end at every gateway, with their open connections", async () => {
    const [one, other] = [await gateway(), await gateway()];
    const { secret, ...signIn } = await one.create(newSignIn, recorded);
    await other.find(secret);
    const closed = closedConnection(one, signIn);
    const ended = await other.revoke(({ id }) => id === signIn.id);
    assert.equal(ended.length, 1);
    await closed;
    assert.deepEqual([await one.find(secret), await other.find(secret)], [undefined, undefined]);
    assert.equal(await (await gateway()).find(secret), undefined);
  });

  it("share one key, so that each gateway can read the sealed cookies of the others", async () => {
    const stores = await Promise.all([0, 1, 2].map(() => storeOf()));
    const keys = await Promise.all(stores.map((store) => store.sealKey()));
    const [first] = keys;
    for (const key of keys) assert.deepEqual(Buffer.from(key), Buffer.from(first ?? []));
    const [one, other] = keys.map((key) => new CookieSeal(async () => key));
    const sealed = (await one?.seal({ state: "s" })) ?? "";
    assert.deepEqual(await other?.open(sealed), { state: "s" });
    assert.equal(await new CookieSeal(async () => newSealKey()).open(sealed), undefined);
  });

  it("do not return if another gateway uses them while they are ended", async () => {
    const [one, other] = [await gateway(), await gateway()];
    const { secret, id } = await one.create(newSignIn, recorded);
    await other.find(secret);
    passedMs += 2 * minuteMs;
    await Promise.all([one.revoke((signIn) => signIn.id === id), other.find(secret)]);
    assert.equal(await (await gateway()).find(secret), undefined);
  });

  describe("with late answers of the store", () => {
    /** Delays replies of NATS until the gate is open. */
    function late(t: TestContext, method: "get" | "put" | "delete", isLate: (hash: string) => boolean) {
      const gate = Promise.withResolvers<void>();
      let waiting = 0;
      const original: (...args: never[]) => Promise<unknown> = Bucket.prototype[method];
      t.mock.method(Bucket.prototype, method, async function (this: Bucket, ...args: never[]) {
        const answer = await original.apply(this, args);
        if (isLate(`${args[0]}`)) {
          waiting++;
          await gate.promise;
        }
        return answer;
      });
      return { open: () => gate.resolve(), waiting: () => waiting };
    }

    it("do not return through a look-up from before their end", async (t) => {
      const one = await gateway();
      const { secret, id } = await one.create(newSignIn, recorded);
      const notified: (SignIn | undefined)[] = [];
      const store = await storeOf();
      t.after(() => store.stop());
      store.onChange((hash, signIn) => {
        if (hash === hashOf(secret)) notified.push(signIn);
      });
      await store.start(AbortSignal.timeout(60_000));
      let lookups = 0;
      const answers = late(t, "get", () => ++lookups === 1);
      const looking = store.lookup(hashOf(secret));
      await until("an answer that is late", () => answers.waiting() === 1 && notified.length > 0);
      await one.revoke((signIn) => signIn.id === id);
      await until("the end to be reported", () => notified.at(-1) === undefined);
      answers.open();
      await looking;
      assert.equal(notified.at(-1), undefined);
    });

    it("end where they started if another gateway ends them before the answer", async (t) => {
      const [one, other] = [await gateway(), await gateway()];
      const answers = late(t, "put", () => true);
      const creating = one.create({ ...newSignIn, browser: "quick" }, recorded);
      const knownSignIn = await until(
        "the sign-in to be known elsewhere",
        () => answers.waiting() === 1 && other.list().find(({ browser }) => browser === "quick"),
      );
      await other.revoke(({ id }) => id === knownSignIn.id);
      await until(
        "the end to be known where it started",
        () => !one.list().some(({ id }) => id === knownSignIn.id),
      );
      answers.open();
      const { secret, id } = await creating;
      assert.deepEqual([id, await one.find(secret)], [knownSignIn.id, undefined]);
      assert.ok(!one.list().some((signIn) => signIn.id === id));
    });

    it("do not return if they are used here while others end with them", async (t) => {
      const one = await gateway();
      const [first, second] = [await one.create(newSignIn, recorded), await one.create(newSignIn, recorded)];
      const answers = late(t, "delete", (hash) => hash === hashOf(second.secret));
      const ids = new Set([first.id, second.id]);
      const ending = one.revoke(({ id }) => ids.has(id));
      await until("the other one to be ended late", () => answers.waiting() === 1);
      const other = await gateway();
      await until("the first to be ended", async () => (await other.find(first.secret)) === undefined);
      passedMs += 2 * minuteMs;
      await one.find(first.secret);
      answers.open();
      await ending;
      assert.deepEqual(
        [await one.find(first.secret), await (await gateway()).find(first.secret)],
        [undefined, undefined],
      );
    });

    it("are found after waiting behind look-ups of invented secrets", async (t) => {
      const store = await storeOf();
      const other = await gateway(store);
      // The store receives no more changes.
      await store.stop();
      const { secret, id } = await (await gateway()).create(newSignIn, recorded);
      const answers = late(t, "get", (hash) => hash !== hashOf(secret));
      const guesses = Array.from({ length: 40 }, (_, number) => other.find(`made up ${number}`));
      await until("as many lookups as there may be", () => answers.waiting() === 16);
      const finding = other.find(secret);
      answers.open();
      assert.equal((await finding)?.id, id);
      assert.deepEqual(new Set(await Promise.all(guesses)), new Set([undefined]));
    });

    it("are rejected as temporarily unavailable, not as ended, if too many look-ups wait", async (t) => {
      const store = await storeOf();
      const other = await gateway(store);
      const answers = late(t, "get", () => true);
      const guesses = Array.from({ length: 1_000 }, (_, number) => other.find(`made up ${number}`));
      await assert.rejects(other.find("one more"), { code: "gateway.sign_ins_away" });
      answers.open();
      await Promise.all(guesses);
    });
  });
});
