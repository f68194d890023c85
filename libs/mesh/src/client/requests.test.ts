import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { latch } from "@tutti/kernel/testing";
import { Requests } from "./requests.ts";

async function* numbers(count: number): AsyncGenerator<number, void> {
  for (let number = 0; number < count; number++) yield number;
}

async function take(from: AsyncIterator<unknown>, count: number): Promise<unknown[]> {
  const taken: unknown[] = [];
  for (let left = count; left > 0; left--) {
    const { done, value } = await from.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

describe("the requests of a stream", () => {
  it("start over for another attempt", async () => {
    const requests = new Requests(numbers(4));
    assert.deepEqual(await take(requests.attempt(), 2), [0, 1]);
    assert.equal(requests.replayable, true);
    assert.deepEqual(await take(requests.attempt(), 9), [0, 1, 2, 3]);
  });

  it("show their first one without taking it", async () => {
    const requests = new Requests(numbers(2));
    assert.equal(await requests.first(), 0);
    assert.deepEqual(await take(requests.attempt(), 9), [0, 1]);
    assert.equal(await new Requests(numbers(0)).first(), undefined);
  });

  it("are not kept once the call is accepted", async () => {
    const requests = new Requests(numbers(5));
    const attempt = requests.attempt();
    await take(attempt, 2);
    requests.accept();
    assert.equal(requests.replayable, false);
    assert.deepEqual(await take(attempt, 9), [2, 3, 4]);
  });

  it("are not kept beyond a few, and none is lost by it", async () => {
    const requests = new Requests(numbers(100));
    const attempt = requests.attempt();
    const taken = await take(attempt, 100);
    assert.equal(requests.replayable, false);
    assert.deepEqual(
      taken,
      Array.from({ length: 100 }, (_, index) => index),
    );
  });

  it("do not lose one that an attempt was waiting for when it was given up", async () => {
    const gate = latch();
    async function* slow() {
      yield "first";
      await gate.opened;
      yield "second";
    }
    const requests = new Requests(slow());
    const given = requests.attempt();
    await given.next();
    const waiting = given.next();
    const next = requests.attempt();
    const seen = take(next, 2);
    gate.open();
    assert.deepEqual(await seen, ["first", "second"]);
    assert.deepEqual(await waiting, { done: false, value: "second" });
  });

  it("after an attempt that waited was given up, all reach the one that was accepted", async () => {
    const second = latch();
    const requests = new Requests(
      (async function* () {
        yield 0;
        await second.opened;
        yield 1;
        yield 2;
        yield 3;
      })(),
    );
    const given = requests.attempt();
    assert.deepEqual(await take(given, 1), [0]);
    const waiting = given.next();
    const next = requests.attempt();
    requests.accept();
    const taken = take(next, 3);
    second.open();
    assert.deepEqual(await waiting, { done: true, value: undefined });
    assert.deepEqual(await taken, [0, 1, 2]);
    assert.deepEqual(await given.next(), { done: true, value: undefined });
    assert.deepEqual(await take(next, 9), [3]);
  });

  it("close their source when the reader stops", async () => {
    const closed = latch();
    async function* source() {
      try {
        yield 1;
        yield 2;
      } finally {
        closed.open();
      }
    }
    const requests = new Requests(source());
    await take(requests.attempt(), 1);
    requests.close();
    await closed.opened;
  });
});
