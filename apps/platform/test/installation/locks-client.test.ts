/** Locks as programs hold them: renewed automatically, passed on with increasing tokens, and lost with a notice. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { lockService } from "@tutti/contracts/session/v1";
import type { TuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

describe("locks in a program", () => {
  let installation: Installation;
  let tutti: Tutti;

  before(async () => {
    installation = await Installation.open([], { time: "real" });
    tutti = await installation.client();
  });
  after(async () => {
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  it("are renewed automatically, and pass to the next waiter with a greater token", async () => {
    const first = await tutti.locks.acquire("printer", { leaseMs: 5_000 });
    await assert.rejects(tutti.locks.acquire("printer"), { code: "lock.held" });
    const waiting = tutti.locks.acquire("printer", { waitMs: 60_000, holder: "bea" });
    await until("bea in the line", async () => (await tutti.locks.get("printer")).waiting === 1);
    const expiry = async () => (await tutti.locks.get("printer")).grants[0]?.expireTime;
    const before = await expiry();
    await until("the lease to be prolonged", async () => (await expiry())?.seconds !== before?.seconds);
    assert.equal((await tutti.locks.get("printer")).grants[0]?.token, first.token);
    assert.equal(await first.release(), true);
    await using second = await waiting;
    assert.equal(second.holder, "bea");
    assert.ok(second.token > first.token, `${second.token} follows ${first.token}`);
    assert.equal(await first.release(), false, "what one no longer holds is not given back for another");
    const names = [];
    for await (const { name } of tutti.locks.list({ prefix: "print" })) names.push(name);
    assert.deepEqual(names, ["printer"]);
  });

  it("report their loss when they are revoked", async () => {
    const lock = await tutti.locks.acquire("crane", { leaseMs: 5_000 });
    const lost = once(lock.signal, "abort");
    const locks = installation.host.mesh.client(lockService, { service: "master" });
    await locks.breakLock({ namespace: "", name: "crane", holder: lock.holder, reason: "it burns" });
    await lost;
    const { code, message } = lock.signal.reason as TuttiError;
    assert.deepEqual(
      [code, message],
      [
        "sdk.lock_lost",
        "The lock `crane` is lost: it is no longer held. Stop the protected work, and acquire the lock again.",
      ],
    );
  });

  it("of handlers are for their tasks: two runs that wait for each other are found without a named work", async () => {
    const worker = installation.worker({ agentId: "diner", slots: 2 });
    const both = Promise.withResolvers<void>();
    let seated = 0;
    worker.handle("dinner.eat", async ([first, second]: readonly [string, string]) => {
      await using _ = await tutti.locks.acquire(first);
      if (++seated === 2) both.resolve();
      await both.promise;
      try {
        await using __ = await tutti.locks.acquire(second, { wait: "1m" });
        return "ate";
      } catch (error) {
        return (error as TuttiError).message;
      }
    });
    await worker.start();
    await tutti.workflows.register(
      'workflow: dinner\ntasks: {eat: {uses: dinner.eat, with: "${{ input }}"}}',
    );
    const runs = [
      await tutti.run("dinner", { id: "plato", input: ["fork", "knife"] }),
      await tutti.run("dinner", { id: "kant", input: ["knife", "fork"] }),
    ];
    const ends = (await Promise.all(runs.map((run) => run.result()))).map((output) => JSON.stringify(output));
    const [ate, gaveWay = ""] = ends.toSorted((one, other) => one.length - other.length);
    assert.match(ate ?? "", /ate/);
    assert.match(gaveWay, /run (plato|kant), task eat waits for the lock \w+, which run \w+, task eat holds/);
    const ownerless = await tutti.locks.acquire("plate", { work: null });
    assert.equal((await tutti.locks.get("plate")).grants[0]?.work, undefined);
    await ownerless.release();
    await worker.stop();
  });

  it("share permits, and a deadlock of two sessions names the session that gives way, and why", async () => {
    const [first, second] = [
      await tutti.locks.acquire("deck", { shared: true }),
      await tutti.locks.acquire("deck", { shared: true }),
    ];
    await first.release();
    await second.release();
    const of = (id: string) => ({ work: { kind: "session" as const, id }, waitMs: 60_000 });
    const left = await tutti.locks.acquire("left", of("plato"));
    await installation.pass(1);
    const right = await tutti.locks.acquire("right", of("kant"));
    const plato = tutti.locks.acquire("right", of("plato"));
    await until("plato in the line", async () => (await tutti.locks.get("right")).waiting === 1);
    await assert.rejects(tutti.locks.acquire("left", of("kant")), {
      code: "session.deadlock",
      message:
        /session kant waits for the lock left, which session plato holds, and .* session kant gives way, because it started last/,
    });
    await right.release();
    await (await plato).release();
    await left.release();
  });
});
