import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defineErrors } from "@tutti/kernel";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";
import { followed } from "./followed.ts";

const errors = defineErrors("tried", {
  away: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "It is away.",
    message: () => "The platform is away",
    remedy: "Wait.",
  },
  no: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is none.",
    message: () => "The run is missing",
    remedy: "List the runs.",
  },
});

interface NumberedReply {
  readonly number: number;
  readonly cursor: string;
}

/** Returns a stream of numbers up to an end, each with a cursor, that breaks behind some of them. */
function numbers(breaks: readonly number[], end: number) {
  const remaining = [...breaks];
  const opened: string[] = [];
  async function* open(cursor: string): AsyncGenerator<NumberedReply, void> {
    opened.push(cursor);
    for (let number = Number(cursor) + 1; number <= end; number++) {
      yield { number, cursor: String(number) };
      if (remaining[0] === number) {
        remaining.shift();
        throw errors.away();
      }
    }
  }
  return { open, opened };
}

describe("a watch of a client", () => {
  const portsOf = (time: VirtualTime) => ({ clock: time, timers: time, chance: seededChance(1) });
  const all = async (
    time: VirtualTime,
    open: (cursor: string) => AsyncIterable<NumberedReply>,
    signal?: AbortSignal,
  ) => {
    const reported: number[] = [];
    let isOver = false;
    const reading = (async () => {
      for await (const { number } of followed({ open, signal }, portsOf(time))) reported.push(number);
    })().finally(() => {
      isOver = true;
    });
    reading.catch(() => {});
    while (!isOver) await time.advanceAsync(1_000);
    return { reported, reading };
  };

  it("resumes after breaks from the last cursor, without a missing or repeated event", async () => {
    const { open, opened } = numbers([1, 4, 5], 7);
    const { reported, reading } = await all(new VirtualTime(), open);
    await reading;
    assert.deepEqual(reported, [1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(opened, ["", "1", "4", "5"]);
  });

  it("ends with a permanent error", async () => {
    async function* open(): AsyncGenerator<NumberedReply, void> {
      yield { number: 1, cursor: "1" };
      throw errors.no();
    }
    const { reported, reading } = await all(new VirtualTime(), open);
    await assert.rejects(reading, (error) => errors.no.is(error));
    assert.deepEqual(reported, [1]);
  });

  it("fails with the reason after a minute without an event", async () => {
    const time = new VirtualTime();
    let tries = 0;
    // biome-ignore lint/correctness/useYield: it never comes to that
    async function* open(): AsyncGenerator<NumberedReply, void> {
      tries++;
      throw errors.away();
    }
    const { reading } = await all(time, open);
    await assert.rejects(reading, (error) => errors.away.is(error));
    assert.ok(tries > 10 && tries < 40, `${tries} tries`);
  });

  it("ends its stream when its reader has had enough", async () => {
    let isEnded = false;
    async function* open(): AsyncGenerator<NumberedReply, void> {
      try {
        for (let number = 1; ; number++) yield { number, cursor: String(number) };
      } finally {
        isEnded = true;
      }
    }
    for await (const { number } of followed({ open, signal: undefined }, portsOf(new VirtualTime())))
      if (number === 3) break;
    assert.equal(isEnded, true);
  });
});
