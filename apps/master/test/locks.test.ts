import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AcquireLockRequest, type Lock, lockService } from "@tutti/contracts/session/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { nextMoment, Serving } from "./serving.ts";

const codeOf = (code: string) => (error: unknown) => isTuttiError(error) && error.code === code;
const namespace = "";

type AcquireFields = Parameters<typeof AcquireLockRequest.fromPartial>[0];

describe("locks", () => {
  let serving: Serving;
  const client = () => serving.host.mesh.client(lockService, { service: "master" });
  const acquire = async (name: string, holder: string, fields: AcquireFields = {}, signal?: AbortSignal) => {
    const request = AcquireLockRequest.fromPartial({ name, holder, ...fields });
    const { grant } = await client().acquireLock(request, signal === undefined ? {} : { signal });
    return grant ?? assert.fail("an acquired lock has a grant");
  };
  const release = (name: string, holder: string) =>
    client().releaseLock({ namespace, name, holder, token: 0 });
  const lockNamed = async (name: string): Promise<Lock> => {
    const { lock } = await client().getLock({ namespace, name });
    return lock ?? assert.fail("every lock is there");
  };
  const waiting = async (name: string, count: number): Promise<void> => {
    await until(
      "the waiting",
      () => lockNamed(name),
      (lock) => lock.waiting === count,
    );
  };

  before(async () => {
    serving = await Serving.open();
  });
  after(() => serving[Symbol.asyncDispose]());

  it("a lock without a holder is free, and was never created", async () => {
    const { permits, free, grants } = await lockNamed("nobody");
    assert.deepEqual([permits, free, grants], [1, 1, []]);
    assert.deepEqual(await release("nobody", "one"), { released: false });
  });

  it("a waiting caller gets a released lock, with a greater token", async () => {
    const first = await acquire("door", "one");
    await assert.rejects(acquire("door", "two"), codeOf("lock.held"));
    const second = acquire("door", "two", { waitMs: 60_000 });
    await waiting("door", 1);
    assert.deepEqual(await release("door", "one"), { released: true });
    assert.ok((await second).token > first.token);
    assert.equal(
      (await acquire("door", "two")).token,
      (await second).token,
      "asked again, it is the same grant",
    );
    await release("door", "two");
  });

  it("a caller whose wait ends learns the holder, and a caller that disconnects keeps its place for a while", async () => {
    await acquire("gate", "one");
    await assert.rejects(
      acquire("gate", "two", { waitMs: 1 }),
      /Lock `gate` is in use by one, and was not free within 1 ms/,
    );
    const hangingUp = new AbortController();
    const third = acquire("gate", "three", { waitMs: 60_000 }, hangingUp.signal);
    await waiting("gate", 2);
    hangingUp.abort();
    await assert.rejects(third);
    const { waiters } = await lockNamed("gate");
    assert.deepEqual(
      waiters.map(({ holder }) => holder),
      ["two", "three"],
    );
    for (const holder of ["one", "two", "three"]) await release("gate", holder);
  });

  it("leases are renewed together, and a lost lease is named", async () => {
    const { token } = await acquire("a", "one");
    await acquire("b", "one");
    await client().breakLock({ namespace, name: "b", holder: "one", reason: "it is dead" });
    const renewals = ["a", "b"].map((name) => ({ name, holder: "one", token, leaseMs: 60_000 }));
    const { receipts } = await client().renewLocks({ namespace, renewals });
    assert.deepEqual(
      receipts.map(({ name, expireTime }) => [name, expireTime !== undefined]),
      [
        ["a", true],
        ["b", false],
      ],
    );
  });

  it("a semaphore has the configured permits, and is listed by prefix and holder", async () => {
    await client().setLock({ namespace, name: "slots", permits: 3, reason: "three of them" });
    const work = { namespace: "", kind: "session", id: "ses_1", task: "build" };
    await acquire("slots", "one", { permits: 2, work });
    const { free, grants } = await lockNamed("slots");
    assert.deepEqual([free, grants[0]?.work?.namespace], [1, "default"]);
    await acquire("slot", "one");
    const list = async (fields: object) => {
      const { locks } = await client().listLocks({
        ...{ namespace, prefix: "slot", contendedOnly: false, heldBy: undefined, page: undefined },
        ...fields,
      });
      return locks.map(({ name }) => name);
    };
    const listed = async (fields: object, names: readonly string[]): Promise<void> => {
      // The index is at most a second behind.
      await until(
        "the index",
        () => list(fields),
        (found) => found.join() === names.join(),
      );
    };
    await listed({}, ["slot", "slots"]);
    await listed({ heldBy: { ...work, task: "" } }, ["slots"]);
    await release("slot", "one");
    await listed({}, ["slots"]);
    await listed({ contendedOnly: true }, []);
  });

  it("a watch reports the present state, then changes, and continues after a break", async () => {
    await acquire("seen-1", "one");
    const watch = async function* (cursor: string) {
      yield* client().watchLocks({ namespace, prefix: "seen-", cursor });
    };
    const known = new Set<string>();
    let last = "";
    const until = async (cursor: string, names: string) => {
      for await (const { locks, removedNames, cursor: place } of watch(cursor)) {
        for (const { name } of locks) known.add(name);
        for (const name of removedNames) known.delete(name);
        last = place;
        if ([...known].sort().join() === names) return;
      }
    };
    await until("", "seen-1");
    await acquire("seen-2", "two");
    await release("seen-1", "one");
    await until(last, "seen-2");
  });

  it("of two callers that wait for each other, the later one gives way, and the other continues", async () => {
    const workOf = (id: string) => ({ work: { kind: "session", id }, waitMs: 60_000 });
    const grant = await acquire("red", "one-red", workOf("one"));
    await nextMoment();
    await acquire("blue", "two-blue", workOf("two"));
    const first = acquire("blue", "one-blue", workOf("one"));
    await waiting("blue", 1);
    const reason =
      /session two waits for the lock red, which session one holds, and .*: session two gives way, because it started last/;
    await assert.rejects(acquire("red", "two-red", workOf("two")), (error) => {
      assert.ok(codeOf("session.deadlock")(error), String(error));
      assert.match((error as Error).message, reason);
      return true;
    });
    await release("blue", "two-blue");
    assert.equal((await first).holder, "one-blue");
    assert.equal((await lockNamed("red")).grants[0]?.token, grant.token);
    const { deadlocks } = await client().listDeadlocks({ namespace, found: undefined, page: undefined });
    assert.deepEqual(
      deadlocks.map(({ victim, circle }) => [victim?.id, circle.map(({ lock }) => lock)]),
      [["two", ["red", "blue"]]],
    );
  });

  it("ended work loses its locks and its places in line", async () => {
    const work = { namespace: "default", kind: "run", id: "run_1", task: "draw" };
    await acquire("easel", "one", { work });
    await acquire("brush", "two");
    const waits = acquire("brush", "one", { work, waitMs: 60_000 });
    const refused = assert.rejects(waits, codeOf("lock.place_lost"));
    await waiting("brush", 1);
    const next = acquire("easel", "two", { waitMs: 60_000 });
    await waiting("easel", 1);
    const about = { source: "/tutti/workflow", subject: "run_1", namespace: "default", timeMs: Date.now() };
    const ended = { ...about, id: "run_1-9", type: "tutti.workflow.run.completed", data: Buffer.from("{}") };
    await serving.host.bus.publish([ended]);
    assert.equal((await next).holder, "two");
    await refused;
    await release("easel", "two");
    await release("brush", "two");
  });

  it("holders, waiters and tokens are the same after a restart", async () => {
    const { token } = await acquire("kept", "one");
    const second = acquire("kept", "two", { waitMs: 60_000 }).catch(() => undefined);
    await waiting("kept", 1);
    await serving.restart();
    await second;
    const lock = await lockNamed("kept");
    assert.deepEqual(
      [lock.grants.map((grant) => grant.token), lock.waiters.map(({ holder }) => holder)],
      [[token], ["two"]],
    );
    await release("kept", "one");
    assert.ok((await acquire("kept", "two")).token > token);
  });
});
