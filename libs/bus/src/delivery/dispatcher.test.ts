import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordingLogger, recordingMetrics, seededChance, VirtualTime } from "@tutti/kernel/testing";
import fc from "fast-check";
import { busErrors } from "../errors.ts";
import { checkedEvent } from "../event/event.ts";
import { positionOf } from "../event/position.ts";
import type { Delivery, SubscribeOptions } from "../port.ts";
import { testEvent } from "../testing/fixture.ts";
import { Dispatcher, type Handout } from "./dispatcher.ts";
import { subscriptionMetrics } from "./metrics.ts";
import { resolveSubscription } from "./options.ts";

interface Bench {
  readonly time: VirtualTime;
  readonly dispatcher: Dispatcher;
  readonly metrics: ReturnType<typeof recordingMetrics>;
  readonly logger: ReturnType<typeof recordingLogger>;
  readonly handled: number[];
  readonly abandoned: number[];
  offer(sequence: number, subject?: string, before?: number): void;
}

function bench(options: Omit<SubscribeOptions, "pattern">): Bench {
  const time = new VirtualTime();
  const metrics = recordingMetrics();
  const logger = recordingLogger();
  const handled: number[] = [];
  const abandoned: number[] = [];
  const dispatcher = new Dispatcher({
    subscription: resolveSubscription({ pattern: ">", ...options }),
    clock: time,
    timers: time,
    chance: seededChance(1),
    logger,
    metrics: subscriptionMetrics(metrics, "bench"),
    onHandled: ({ sequence }) => void handled.push(sequence),
    onAbandoned: ({ sequence }) => void abandoned.push(sequence),
    onRoom: () => undefined,
  });
  const offer = (sequence: number, subject = "s", before = 0): void =>
    dispatcher.offer(handout(sequence, subject, before));
  return { time, dispatcher, metrics, logger, handled, abandoned, offer };
}

function handout(sequence: number, subject: string, before: number): Handout {
  const event = checkedEvent(testEvent({ namespace: "bench", subject }));
  return { event, sequence, position: positionOf("log", sequence), before };
}

const sequenceOf = (delivery: Delivery): number => Number(delivery.position.slice("log.".length));

describe("Dispatcher", () => {
  it("calls no handler from within offer", async () => {
    let calls = 0;
    const { offer, time } = bench({ handle: { each: () => calls++ } });
    offer(1);
    assert.equal(calls, 0);
    await time.flush();
    assert.equal(calls, 1);
  });

  it("retries after pauses that double up to the maximum, and gives up after the last delivery", async () => {
    const at: number[] = [];
    const time = new VirtualTime();
    const { offer, abandoned, metrics, ...rest } = bench({
      retryFirstMs: 100,
      retryMaxMs: 400,
      maxDeliveries: 5,
      handle: {
        each: () => {
          at.push(rest.time.monotonic());
          throw new Error("broken");
        },
      },
    });
    assert.equal(time.pending, 0);
    offer(1);
    await rest.time.advanceAsync(10_000);
    assert.equal(at.length, 5);
    const pauses = at.slice(1).map((ms, index) => ms - (at[index] ?? 0));
    for (const [index, full] of [100, 200, 400, 400].entries()) {
      const pause = pauses[index] ?? 0;
      assert.ok(pause >= full / 2 && pause <= full, `pause ${index} of ${pause} ms`);
    }
    assert.deepEqual(abandoned, [1]);
    const labels = { subscription: "bench" };
    assert.equal(metrics.value("tutti_bus_deliveries_failed_total", labels), 5);
    assert.equal(metrics.value("tutti_bus_events_abandoned_total", labels), 1);
    assert.equal(metrics.value("tutti_bus_events_handled_total", labels), 0);
  });

  it("counts a handler that exceeds its time limit as failed, and ignores its late end", async () => {
    const ends: (() => void)[] = [];
    const { offer, time, handled, logger } = bench({
      ackWaitMs: 1_000,
      maxDeliveries: 3,
      retryFirstMs: 10,
      handle: { each: () => new Promise<void>((resolve) => ends.push(resolve)) },
    });
    offer(1);
    await time.advanceAsync(1_300);
    assert.equal(ends.length, 2);
    assert.ok(busErrors.handlingTimedOut.is(logger.lines[0]?.fields["error"]));
    ends[0]?.();
    await time.flush();
    assert.deepEqual(handled, []);
    ends[1]?.();
    await time.flush();
    assert.deepEqual(handled, [1]);
  });

  it("counts earlier deliveries as attempts", async () => {
    const attempts: number[] = [];
    const each = (_event: unknown, { attempt }: Delivery) => {
      attempts.push(attempt);
      throw new Error("broken");
    };
    const { offer, time, abandoned } = bench({
      maxDeliveries: 4,
      retryFirstMs: 1,
      retryMaxMs: 1,
      handle: { each },
    });
    offer(1, "s", 2);
    await time.advanceAsync(100);
    assert.deepEqual([attempts, abandoned], [[3, 4], [1]]);
  });

  it("drops an event with too many unfinished deliveries without calling the handler", async () => {
    let calls = 0;
    const { offer, time, abandoned, logger } = bench({ maxDeliveries: 3, handle: { each: () => calls++ } });
    offer(1, "s", 6);
    await time.flush();
    assert.deepEqual([calls, abandoned], [0, [1]]);
    assert.ok(
      busErrors.neverHandled.is(logger.line("event dropped after too many deliveries").fields["error"]),
    );
  });

  it("puts a redelivered event before newer events of its lane", async () => {
    const order: number[] = [];
    let resume = (): void => undefined;
    const { offer, time } = bench({
      handle: {
        each: (_event, delivery) => {
          order.push(sequenceOf(delivery));
          return order.length > 1 ? undefined : new Promise<void>((resolve) => (resume = resolve));
        },
      },
    });
    offer(3);
    await time.flush();
    for (const sequence of [5, 4, 1]) offer(sequence);
    resume();
    await time.flush();
    assert.deepEqual(order, [3, 1, 4, 5]);
  });

  it("returns on stop the events that wait for a retry and all events behind them, with their attempts", async () => {
    const each = (event: { subject: string }) => {
      if (event.subject === "bad") throw new Error("broken");
    };
    const { offer, time, dispatcher, handled } = bench({ handle: { each } });
    offer(1, "bad");
    offer(2, "good");
    offer(3, "bad");
    await time.flush();
    const returned = await dispatcher.stop();
    assert.deepEqual(
      returned.map(({ sequence, before }) => [sequence, before]),
      [
        [1, 1],
        [3, 0],
      ],
    );
    assert.deepEqual(handled, [2]);
    assert.equal(time.pending, 0);
    assert.equal(dispatcher.room, 0);
  });

  it("aborts the signals of running handlers if it stops without waiting", async () => {
    let signal: AbortSignal | undefined;
    const { offer, time, dispatcher } = bench({
      handle: {
        each: (_event, delivery) => {
          signal = delivery.signal;
          return new Promise(() => undefined);
        },
      },
    });
    offer(1);
    await time.flush();
    const returned = await dispatcher.stop(AbortSignal.abort());
    assert.equal(returned.length, 1);
    assert.equal(signal?.aborted, true);
  });

  it("yields to other work between many synchronous handlers", async () => {
    const { offer, time, handled } = bench({ maxInFlight: 5_000, handle: { each: () => undefined } });
    for (let sequence = 1; sequence <= 2_500; sequence++) offer(sequence, `s${sequence}`);
    await time.flush();
    assert.equal(handled.length, 1_000);
    await time.advanceAsync(1);
    assert.equal(handled.length, 2_500);
  });

  it("for any handlers: settles each event once, in order for each subject, one event of a subject at a time", async () => {
    const step = fc.record({
      subject: fc.constantFrom("a", "b", "c"),
      /** Outcome of each attempt: success or failure, at once or later, or a timeout. */
      outcomes: fc.array(fc.constantFrom("good", "bad", "late-good", "late-bad", "hang"), { maxLength: 4 }),
      afterMs: fc.nat(300),
    });
    const batchMax = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), batchMax, async (steps, batchMax) => {
        const result = await simulate(steps, batchMax);
        const all = steps.map((_, index) => index + 1);
        assert.deepEqual(
          [...result.handled, ...result.abandoned].toSorted((one, other) => one - other),
          all,
        );
        for (const subject of ["a", "b", "c"]) {
          const ofSubject = all.filter((sequence) => steps[sequence - 1]?.subject === subject);
          const ends = result.ends.filter((sequence) => ofSubject.includes(sequence));
          assert.deepEqual(ends, ofSubject, `order of ${subject}`);
        }
      }),
      { numRuns: 60 },
    );
  });
});

type Step = { readonly subject: string; readonly outcomes: readonly string[]; readonly afterMs: number };

async function simulate(steps: readonly Step[], batchMax: number | undefined) {
  const ends: number[] = [];
  const running = new Set<string>();
  const attempts = new Map<number, number>();
  const handleAll = async (deliveries: readonly Delivery[]): Promise<void> => {
    const subjects = new Set(deliveries.map(({ event }) => event.subject));
    for (const subject of subjects) assert.ok(!running.has(subject), `two of ${subject} at once`);
    for (const subject of subjects) running.add(subject);
    const signal = deliveries[0]?.signal;
    // A handler that has timed out no longer counts as running, though it may still run.
    signal?.addEventListener("abort", () => {
      for (const subject of subjects) running.delete(subject);
    });
    try {
      for (const delivery of deliveries) await outcome(delivery);
    } finally {
      if (signal?.aborted !== true) for (const subject of subjects) running.delete(subject);
    }
  };
  const outcome = async (delivery: Delivery): Promise<void> => {
    const sequence = sequenceOf(delivery);
    const attempt = attempts.get(sequence) ?? 0;
    attempts.set(sequence, attempt + 1);
    const outcome = steps[sequence - 1]?.outcomes[attempt] ?? "good";
    if (outcome === "hang") await new Promise(() => undefined);
    if (outcome.startsWith("late")) await new Promise<void>((resolve) => simulation.time.after(20, resolve));
    if (outcome.endsWith("bad")) throw new Error("broken");
  };
  const handle =
    batchMax === undefined
      ? { each: (_event: unknown, delivery: Delivery) => handleAll([delivery]) }
      : { batch: handleAll, batchMax };
  const simulation = bench({
    handle,
    maxInFlight: 100,
    ackWaitMs: 200,
    maxDeliveries: 3,
    retryFirstMs: 10,
    retryMaxMs: 40,
  });
  const { time, dispatcher } = simulation;
  const record = (list: number[]) => {
    const push = list.push.bind(list);
    list.push = (...sequences: number[]) => {
      ends.push(...sequences);
      return push(...sequences);
    };
  };
  record(simulation.handled);
  record(simulation.abandoned);
  for (const [index, { subject, afterMs }] of steps.entries()) {
    simulation.offer(index + 1, subject);
    if (afterMs > 200) await time.advanceAsync(afterMs);
  }
  await time.advanceAsync(60_000);
  assert.equal(dispatcher.inFlight, 0);
  assert.deepEqual(await dispatcher.stop(), []);
  return { handled: simulation.handled, abandoned: simulation.abandoned, ends };
}
