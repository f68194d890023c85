import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import type { Pool, ReservedStarts } from "@tutti/matching";
import { StartReservations } from "./start-reservations.ts";

const pool = { namespace: "default", name: "mails" } as Pool;
const starts = (limit: string, untilMs: number): ReservedStarts => ({ limit, untilMs, partMs: 1_000 });
const answered = () => new Promise((resolve) => setImmediate(resolve));

function dependencies() {
  const time = new VirtualTime();
  const requests: { starts: ReservedStarts[]; answer: (error?: Error) => void }[] = [];
  const stored: (readonly ReservedStarts[])[] = [];
  let isOwned = true;
  const reservations = new StartReservations({
    timers: time,
    logger: recordingLogger(),
    store: (_pool, starts) =>
      new Promise<void>((resolve, reject) => {
        requests.push({ starts, answer: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
    onStored: (_pool, starts) => void stored.push(starts),
    isOwned: () => isOwned,
  });
  const release = () => {
    isOwned = false;
  };
  return { time, requests, stored, reservations, release };
}

describe("the reservations of a pool", () => {
  it("are one request at a time: later ones are sent together, the newest of each limit", async () => {
    const { requests, stored, reservations } = dependencies();
    reservations.reserve(pool, [starts("a", 1)]);
    reservations.reserve(pool, [starts("a", 2), starts("b", 2)]);
    reservations.reserve(pool, [starts("a", 3)]);
    assert.deepEqual(
      requests.map((each) => each.starts),
      [[starts("a", 1)]],
    );
    requests[0]?.answer();
    await answered();
    assert.deepEqual(stored, [[starts("a", 1)]]);
    assert.deepEqual(requests[1]?.starts, [starts("a", 3), starts("b", 2)]);
  });

  it("are requested again a second after a failure, without replacing newer ones", async () => {
    const { time, requests, stored, reservations } = dependencies();
    reservations.reserve(pool, [starts("a", 1), starts("b", 1)]);
    reservations.reserve(pool, [starts("a", 2)]);
    requests[0]?.answer(new Error("the disk is full"));
    await answered();
    assert.deepEqual([requests.length, stored], [1, []]);
    time.advance(1_000);
    assert.deepEqual(requests[1]?.starts, [starts("a", 2), starts("b", 1)]);
  });

  it("are dropped when another process owns the pool", async () => {
    const { time, requests, reservations, release } = dependencies();
    reservations.reserve(pool, [starts("a", 1)]);
    release();
    requests[0]?.answer(new Error("another process owns it"));
    await answered();
    time.advance(1_000);
    assert.equal(requests.length, 1);
  });
});
