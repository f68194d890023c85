/** Gateways that share a NATS server know the same sign-ins. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { localAdministrator, silentLogger, systemFoundation } from "@tutti/kernel";
import { connectionTo, type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { CookieSeal, newSealKey } from "../src/access/issuers/sealed-cookie.ts";
import { SharedSignIns } from "../src/access/shared-sign-ins.ts";
import { type BegunBy, SignIns } from "../src/access/sign-ins.ts";

const program = await natsServerProgram();
const foundation = systemFoundation({ logger: silentLogger });
const begun: BegunBy = {
  ...{ principal: localAdministrator, by: "link", address: "10.0.0.9", browser: "a browser" },
  untilMs: Number.POSITIVE_INFINITY,
};
const minuteMs = 60_000;
const forMs = 60 * minuteMs;

const recorded = async () => {};

describe("sign-ins that gateways share", { skip: program.skip }, () => {
  let server: NatsServer;
  const connections: Awaited<ReturnType<typeof connectionTo>>[] = [];
  const opened: SignIns[] = [];
  let passedMs = 0;

  async function storeOf(): Promise<SharedSignIns> {
    const connection = await connectionTo([server.address]);
    connections.push(connection);
    return new SharedSignIns({ connection: Promise.resolve(connection), foundation, replicas: 1, forMs });
  }

  async function gateway(): Promise<SignIns> {
    const store = await storeOf();
    const clock = { ...foundation.clock, now: () => foundation.clock.now() + passedMs };
    const made = new SignIns({ clock, goodForMs: forMs, store });
    await made.start(AbortSignal.timeout(10_000));
    opened.push(made);
    return made;
  }

  before(async () => {
    server = await startNatsServer();
  });
  after(async () => {
    for (const signIns of opened) await signIns.stop();
    for (const connection of connections) await connection[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  /** Something that is open on behalf of a sign-in; resolves when it is closed. */
  function held(signIns: SignIns, signIn: Parameters<SignIns["hold"]>[0]): Promise<void> {
    return new Promise((resolve) =>
      signIns.hold(signIn, { destroy: () => resolve(), once: () => undefined }),
    );
  }

  it("are found at another one as soon as their secret is out, and after a restart", async () => {
    const [one, other] = [await gateway(), await gateway()];
    const { secret, ...signIn } = await one.begin(begun, recorded);
    assert.deepEqual(await other.find(secret), signIn);
    assert.deepEqual(await (await gateway()).find(secret), signIn);
    assert.equal(await other.find("made up"), undefined);
  });

  it("are ended everywhere, with what is open at others", async () => {
    const [one, other] = [await gateway(), await gateway()];
    const { secret, ...signIn } = await one.begin(begun, recorded);
    await other.find(secret);
    const closed = held(one, signIn);
    const ended = await other.end(({ id }) => id === signIn.id);
    assert.equal(ended.length, 1);
    await closed;
    assert.deepEqual([await one.find(secret), await other.find(secret)], [undefined, undefined]);
    assert.equal(await (await gateway()).find(secret), undefined);
  });

  it("go with one key, by which each reads what another gave a browser that is sent elsewhere", async () => {
    const stores = await Promise.all([0, 1, 2].map(() => storeOf()));
    const keys = await Promise.all(stores.map((store) => store.sealKey()));
    const [first] = keys;
    for (const key of keys) assert.deepEqual(Buffer.from(key), Buffer.from(first ?? []));
    const [one, other] = keys.map((key) => new CookieSeal(async () => key));
    const sealed = (await one?.seal({ state: "s" })) ?? "";
    assert.deepEqual(await other?.open(sealed), { state: "s" });
    assert.equal(await new CookieSeal(async () => newSealKey()).open(sealed), undefined);
  });

  it("do not come back because they were used elsewhere while they were ended", async () => {
    const [one, other] = [await gateway(), await gateway()];
    const { secret, id } = await one.begin(begun, recorded);
    await other.find(secret);
    passedMs += 2 * minuteMs;
    await Promise.all([one.end((signIn) => signIn.id === id), other.find(secret)]);
    assert.equal(await (await gateway()).find(secret), undefined);
  });
});
