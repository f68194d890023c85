import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { latch } from "@tutti/kernel/testing";
import { Requests } from "./requests.ts";

async function* numbers(count: number): AsyncGenerator<number, void> {
  for (let number = 0; number < count; number++) yield number;
}

async function read(from: AsyncIterator<unknown>, count: number): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let remaining = count; remaining > 0; remaining--) {
    const { done, value } = await from.next();
    if (done) break;
    values.push(value);
  }
  return values;
}

describe("the requests of a stream", () => {
  it("start over for another attempt", async () => {
    const requests = new Requests(numbers(4));
    assert.deepEqual(await read(requests.attempt(), 2), [0, 1]);
    assert.equal(requests.replayable, true);
    assert.deepEqual(await read(requests.attempt(), 9), [0, 1, 2, 3]);
  });

  it("return the first request without consuming it", async () => {
    const requests = new Requests(numbers(2));
    assert.equal(await requests.first(), 0);
    assert.deepEqual(await read(requests.attempt(), 9), [0, 1]);
    assert.equal(await new Requests(numbers(0)).first(), undefined);
  });

  it("are not buffered once the call is accepted", async () => {
    const requests = new Requests(numbers(5));
    const attempt = requests.attempt();
    await read(attempt, 2);
    requests.accept();
    assert.equal(requests.replayable, false);
    assert.deepEqual(await read(attempt, 9), [2, 3, 4]);
  });

  it("are not buffered beyond a few, and none is lost", async () => {
    const requests = new Requests(numbers(100));
    const attempt = requests.attempt();
    const values = await read(attempt, 100);
    assert.equal(requests.replayable, false);
    assert.deepEqual(
      values,
      Array.from({ length: 100 }, (_, index) => index),
    );
  });

  it("lose none if an attempt is abandoned while it waits for a request", async () => {
    const gate = latch();
    async function* slow() {
      yield "first";
      await gate.opened;
      yield "second";
    }
    const requests = new Requests(slow());
    const abandoned = requests.attempt();
    await abandoned.next();
    const waiting = abandoned.next();
    const next = requests.attempt();
    const reading = read(next, 2);
    gate.open();
    assert.deepEqual(await reading, ["first", "second"]);
    assert.deepEqual(await waiting, { done: false, value: "second" });
  });

  it("all reach the accepted attempt after an earlier attempt was abandoned while it waited", async () => {
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
    const abandoned = requests.attempt();
    assert.deepEqual(await read(abandoned, 1), [0]);
    const waiting = abandoned.next();
    const next = requests.attempt();
    requests.accept();
    const reading = read(next, 3);
    second.open();
    assert.deepEqual(await waiting, { done: true, value: undefined });
    assert.deepEqual(await reading, [0, 1, 2]);
    assert.deepEqual(await abandoned.next(), { done: true, value: undefined });
    assert.deepEqual(await read(next, 9), [3]);
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
    await read(requests.attempt(), 1);
    requests.close();
    await closed.opened;
  });
});
