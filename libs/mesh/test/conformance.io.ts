/** A caller sees the same over every transport. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as testTurn } from "node:timers/promises";
import {
  type CallContext,
  kernelErrors,
  localAdministrator,
  type Principal,
  systemClock,
  TuttiError,
} from "@tutti/kernel";
import { latch, testContext, until } from "@tutti/kernel/testing";
import { type Client, markHeavy, meshErrors } from "../src/index.ts";
import { type Note, note, noteService } from "../src/testing/index.ts";
import { all, endless, errorOf, never, texts } from "./notes.ts";
import { type PairOptions, type TransportUnderTest, transports } from "./pairs.ts";

type Notes = Client<typeof noteService>;

for (const transport of transports) {
  const calling = (options: PairOptions, run: (client: Notes) => Promise<void>) =>
    using(transport, options, run);

  describe(`a unary call, ${transport.name}`, () => {
    it("returns the reply", () =>
      calling({}, async (client) => {
        const sent = note({ text: "häß", count: 3, tags: ["a", "b"] });
        assert.deepEqual(await client.get(sent), sent);
      }));

    it("returns a heavy reply in a separate turn of the event loop", async () => {
      let turns = 0;
      const heavy = note({ text: "x".repeat(300_000) });
      const handlers = {
        get() {
          setImmediate(() => turns++);
          return heavy;
        },
      };
      await calling({ handlers }, async (client) => {
        assert.deepEqual(await client.get(note({})), heavy);
        assert.ok(turns > 0, "others had no turn before it");
      });
    });

    it("passes a heavy request unchanged, with turns for other work", async () => {
      let turns = 0;
      const heavy = note({ text: "x", tags: Array.from({ length: 40_000 }, (_, n) => `tag ${n}`) });
      markHeavy(heavy);
      await calling({}, async (client) => {
        const reply = client.get(heavy);
        const isReplied = reply.then(() => true);
        await until("the reply", () => {
          turns++;
          return Promise.race([isReplied, testTurn(false)]);
        });
        assert.deepEqual(await reply, heavy);
        assert.ok(turns > 1, "others had no turn before it");
      });
    });

    it("passes principal, namespace, key, deadline and trace to the handler", async () => {
      let received: CallContext | undefined;
      const handlers = {
        get(request: Note, context: CallContext) {
          received = context;
          return request;
        },
      };
      await calling({ handlers }, async (client) => {
        const beforeMs = systemClock.monotonic();
        const principal: Principal = { kind: "service", id: "wörk/flow", roles: ["admin", "ops & co"] };
        const context = testContext({ principal, deadlineMs: beforeMs + 20_000 });
        await client.get(note({ namespace: "team-a", key: "k/1" }), { context, timeoutMs: 60_000 });
        assert.ok(received !== undefined);
        assert.deepEqual(received.principal, principal);
        assert.equal(received.namespace, "team-a");
        assert.equal(received.idempotencyKey, "k/1");
        assert.equal(received.trace.traceId, context.trace.traceId);
        assert.notEqual(received.trace.spanId, context.trace.spanId);
        assert.ok(
          received.deadlineMs > beforeMs && received.deadlineMs <= beforeMs + 20_100,
          "the earlier deadline",
        );
        assert.equal(received.signal.aborted, false);
      });
    });

    it("has the local administrator as its caller if no other call made it", async () => {
      let received: Principal | undefined;
      const handlers = {
        get(request: Note, { principal }: CallContext) {
          received = principal;
          return request;
        },
      };
      await calling({ handlers }, async (client) => {
        await client.get(note());
        assert.deepEqual(received, localAdministrator);
      });
    });

    it("fails with the handler's error as it was thrown", () => {
      const handlers = {
        get(): Note {
          throw new TuttiError({
            code: "notes.full",
            status: "FAILED_PRECONDITION",
            message: "expected room for a nöte, got none: délete one",
            retryAfterMs: 1_500,
            violations: [{ field: "count", message: "too many" }],
            details: { notebook: "nb_1" },
            cause: new TuttiError({ code: "disk.full", status: "RESOURCE_EXHAUSTED", message: "no space" }),
          });
        },
      };
      return calling({ handlers }, async (client) => {
        const error = await errorOf(client.get(note()));
        assert.equal(error.code, "notes.full");
        assert.equal(error.status, "FAILED_PRECONDITION");
        assert.equal(error.message, "expected room for a nöte, got none: délete one");
        assert.equal(error.retry, "never");
        assert.equal(error.retryAfterMs, 1_500);
        assert.deepEqual(error.violations, [{ field: "count", message: "too many" }]);
        assert.deepEqual({ ...error.details }, { notebook: "nb_1" });
        assert.ok(error.cause instanceof TuttiError && error.cause.code === "disk.full");
      });
    });

    it("turns any other error of a handler into an internal error", () => {
      const handlers = {
        get(): Note {
          throw new TypeError("x is not a function");
        },
      };
      return calling({ handlers }, async (client) => {
        const error = await errorOf(client.get(note()));
        assert.equal(error.code, kernelErrors.internal.code);
        assert.match(error.message, /x is not a function/);
      });
    });

    it("refuses a request that breaks its contract, with the path of each field", async () => {
      let reached = false;
      const handlers = {
        get(request: Note) {
          reached = true;
          return request;
        },
      };
      await calling({ handlers }, async (client) => {
        const error = await errorOf(client.get(note({ count: -1, tags: ["a", ""] })));
        assert.ok(meshErrors.invalidRequest.is(error));
        assert.equal(error.status, "INVALID_ARGUMENT");
        assert.deepEqual(error.violations, [
          { field: "count", message: "expected at least 0, got -1" },
          { field: "tags[1]", message: "expected a value, got none" },
        ]);
        assert.equal(
          error.message,
          "The request of NoteService.Get is invalid: count: expected at least 0, got -1 (and 1 more). Correct the request and call again.",
        );
        assert.equal(reached, false);
      });
    });

    it("refuses messages above the limit, either way, and names the limit", () => {
      const handlers = { get: ({ count }: Note) => note({ text: "x".repeat(count) }) };
      const settings = { limits: { messageBytes: 2_048 } };
      return calling({ handlers, settings }, async (client) => {
        const request = await errorOf(client.get(note({ text: "x".repeat(3_000) })));
        assert.ok(meshErrors.messageTooLarge.is(request));
        assert.equal(request.status, "RESOURCE_EXHAUSTED");
        assert.match(
          request.message,
          /The request of NoteService.Get has .* more than the maximum of 2,048 \(`mesh.limits.messageBytes`\)/,
        );
        const reply = await errorOf(client.get(note({ count: 3_000 })));
        assert.ok(meshErrors.messageTooLarge.is(reply));
        assert.match(reply.message, /The reply of NoteService.Get has .* more than the maximum of 2,048/);
        assert.equal((await client.get(note({ count: 1_900 }))).text.length, 1_900);
      });
    });

    it("fails if its deadline has passed before it starts, and reaches no handler", async () => {
      let reached = false;
      const handlers = {
        get(request: Note) {
          reached = true;
          return request;
        },
      };
      await calling({ handlers }, async (client) => {
        const context = testContext({ deadlineMs: systemClock.monotonic() - 1 });
        const error = await errorOf(client.get(note(), { context }));
        assert.equal(error.code, kernelErrors.deadlineExceeded.code);
        assert.equal(error.status, "DEADLINE_EXCEEDED");
        assert.equal(reached, false);
      });
    });

    it("is late at its deadline, and the handler is cancelled", async () => {
      let reached = false;
      const stopped = latch();
      const handlers = {
        get(_request: Note, { signal }: CallContext) {
          reached = true;
          signal.addEventListener("abort", () => stopped.open());
          return never;
        },
      };
      await calling({ handlers }, async (client) => {
        // On a busy machine the time may be over before the handler is reached.
        for (let timeoutMs = 20; !reached; timeoutMs *= 2) {
          const error = await errorOf(client.get(note(), { timeoutMs }));
          assert.equal(error.code, kernelErrors.deadlineExceeded.code);
          assert.match(
            error.message,
            /NoteService.Get did not finish in time. Retry, with a longer deadline/,
          );
        }
        await stopped.opened;
      });
    });

    it("ends at once if its caller cancels, and the handler receives the reason", async () => {
      const reached = latch();
      const stopped = latch();
      let reason: unknown;
      const handlers = {
        get(_request: Note, { signal }: CallContext) {
          signal.addEventListener("abort", () => {
            reason = signal.reason;
            stopped.open();
          });
          reached.open();
          return never;
        },
      };
      await calling({ handlers }, async (client) => {
        const controller = new AbortController();
        const failing = errorOf(client.get(note(), { signal: controller.signal }));
        await reached.opened;
        controller.abort();
        const error = await failing;
        assert.equal(error.code, kernelErrors.cancelled.code);
        assert.equal(error.status, "CANCELLED");
        await stopped.opened;
        assert.ok(kernelErrors.cancelled.is(reason));
      });
    });

    it("is cancelled with its parent call", async () => {
      const inner = latch();
      const stopped = latch();
      let client: Notes | undefined;
      const handlers = {
        get(_request: Note, { signal }: CallContext) {
          signal.addEventListener("abort", () => stopped.open());
          inner.open();
          return never;
        },
        put: (request: Note, context: CallContext) => client?.get(request, { context }) ?? never,
      };
      await calling({ handlers }, async (opened) => {
        client = opened;
        const controller = new AbortController();
        const failing = errorOf(opened.put(note(), { signal: controller.signal }));
        await inner.opened;
        controller.abort();
        assert.equal((await failing).code, kernelErrors.cancelled.code);
        await stopped.opened;
      });
    });
  });

  describe(`a streamed call, ${transport.name}`, () => {
    it("returns the replies in order and ends", () =>
      calling({}, async (client) => {
        const replies = await all(client.list(note({ text: "n", count: 40 })));
        assert.deepEqual(
          replies.map(({ count }) => count),
          Array.from({ length: 40 }, (_, index) => index),
        );
      }));

    it("accepts requests as they arrive and returns one reply", () =>
      calling({}, async (client) => {
        const reply = await client.collect(texts("a", "b", "c"));
        assert.deepEqual([reply.count, reply.tags], [3, ["a", "b", "c"]]);
      }));

    it("sends and receives at the same time", () =>
      calling({}, async (client) => {
        const answered = [latch(), latch()];
        async function* requests() {
          yield note({ text: "first" });
          await answered[0]?.opened;
          yield note({ text: "second" });
          await answered[1]?.opened;
        }
        const replies: string[] = [];
        for await (const { text } of client.talk(requests())) {
          replies.push(text);
          answered[replies.length - 1]?.open();
        }
        assert.deepEqual(replies, ["first", "second"]);
      }));

    it("returns the replies before the handler's error, then the error", () => {
      const handlers = {
        async *list() {
          yield note({ text: "one" });
          throw meshErrors.denied({ principal: "p", action: "a", resource: "r", namespace: "n", reason: "" });
        },
      };
      return calling({ handlers }, async (client) => {
        const replies: string[] = [];
        const error = await errorOf(
          (async () => {
            for await (const { text } of client.list(note())) replies.push(text);
          })(),
        );
        assert.deepEqual(replies, ["one"]);
        assert.ok(meshErrors.denied.is(error));
      });
    });

    it("returns the reply and the error of a handler before the first request", () => {
      const handlers = {
        async *talk(requests: AsyncIterable<Note>) {
          requests[Symbol.asyncIterator]()
            .next()
            .catch(() => {});
          await testTurn();
          yield note({ text: "too late" });
          throw meshErrors.denied({ principal: "p", action: "a", resource: "r", namespace: "n", reason: "" });
        },
      };
      async function* silent(): AsyncGenerator<Note> {
        yield await never;
      }
      return calling({ handlers }, async (client) => {
        const replies: string[] = [];
        const error = await errorOf(
          (async () => {
            for await (const { text } of client.talk(silent())) replies.push(text);
          })(),
        );
        assert.deepEqual(replies, ["too late"]);
        assert.ok(meshErrors.denied.is(error));
      });
    });

    it("fails when a later request breaks the contract", () =>
      calling({}, async (client) => {
        async function* requests() {
          yield note({ count: 1 });
          yield note({ count: -1 });
        }
        const error = await errorOf(client.collect(requests()));
        assert.ok(meshErrors.invalidRequest.is(error));
        assert.equal(error.violations[0]?.field, "count");
      }));

    it("fails if one of its requests exceeds the limit, and names the limit", () =>
      calling({ settings: { limits: { messageBytes: 2_048 } } }, async (client) => {
        async function* requests() {
          yield note();
          yield note({ text: "x".repeat(3_000) });
        }
        const error = await errorOf(all(client.talk(requests())));
        assert.ok(meshErrors.messageTooLarge.is(error));
        assert.match(error.message, /The request of NoteService.Talk has .* more than the maximum of 2,048/);
      }));

    it("reaches no handler and fails if its deadline has passed before it starts", async () => {
      let reached = false;
      const handlers = {
        async *talk(requests: AsyncIterable<Note>) {
          reached = true;
          yield* requests;
        },
      };
      await calling({ handlers }, async (client) => {
        const context = testContext({ deadlineMs: systemClock.monotonic() - 1 });
        const error = await errorOf(all(client.talk(texts("late"), { context })));
        assert.equal(error.status, "DEADLINE_EXCEEDED");
        assert.equal(reached, false);
      });
    });

    it("fails when the source of its requests does", () =>
      calling({}, async (client) => {
        async function* requests() {
          yield note();
          throw new RangeError("the source is broken");
        }
        const error = await errorOf(all(client.talk(requests())));
        assert.match(error.message, /the source is broken/);
      }));

    it("ends its handler when the caller leaves the loop", async () => {
      const ended = latch();
      const handlers = {
        async *follow(_request: Note, { signal }: CallContext) {
          try {
            for (let count = 0; !signal.aborted; count++) yield note({ count });
          } finally {
            ended.open();
          }
        },
      };
      await calling({ handlers }, async (client) => {
        for await (const { count } of client.follow(note())) if (count === 5) break;
        await ended.opened;
      });
    });

    it("ends at once when its caller returns while it waits for a reply", async () => {
      const waiting = latch();
      const handlers = {
        async *follow() {
          yield note();
          waiting.open();
          await never;
        },
      };
      await calling({ handlers }, async (client) => {
        const stream = client.follow(note());
        await stream.next();
        const next = stream.next();
        await waiting.opened;
        await stream.return();
        assert.deepEqual(await next, { done: true, value: undefined });
        assert.deepEqual(await stream.next(), { done: true, value: undefined });
      });
    });

    it("fails when its signal is aborted, and a handler that waits for requests is freed", async () => {
      const reading = latch();
      const freed = latch();
      const handlers = {
        async *talk(requests: AsyncIterable<Note>) {
          try {
            for await (const request of requests) {
              yield request;
              reading.open();
            }
          } finally {
            freed.open();
          }
        },
      };
      await calling({ handlers }, async (client) => {
        const controller = new AbortController();
        async function* requests() {
          yield note();
          await never;
        }
        const failing = errorOf(all(client.talk(requests(), { signal: controller.signal })));
        await reading.opened;
        controller.abort();
        assert.equal((await failing).code, kernelErrors.cancelled.code);
        await freed.opened;
      });
    });

    it("is late at its deadline", () =>
      calling(
        {
          handlers: {
            async *follow() {
              yield note();
              await never;
            },
          },
        },
        async (client) => {
          const error = await errorOf(all(client.follow(note(), { timeoutMs: 30 })));
          assert.equal(error.code, kernelErrors.deadlineExceeded.code);
        },
      ));

    it("blocks a sender whose replies are not read", async () => {
      let sent = 0;
      const handlers = {
        async *follow() {
          for await (const each of endless()) {
            sent = each.count;
            yield note({ text: "x".repeat(100_000) });
          }
        },
      };
      await calling({ handlers }, async (client) => {
        const stream = client.follow(note());
        await stream.next();
        let before = -1;
        // While anything still moves, the sender is not blocked yet.
        for (let quietTurns = 0; quietTurns < 20; quietTurns = sent === before ? quietTurns + 1 : 0) {
          before = sent;
          await new Promise((resolve) => setImmediate(resolve));
          assert.ok(sent < 2_000, "expected the sender to be held up");
        }
        await stream.return();
      });
    });

    it("stops taking requests when the handler has answered without reading all", () => {
      const handlers = {
        async collect(requests: AsyncIterable<Note>) {
          for await (const { count } of requests) if (count === 3) break;
          return note({ text: "enough" });
        },
      };
      return calling({ handlers }, async (client) => {
        assert.equal((await client.collect(endless())).text, "enough");
      });
    });
  });

  describe(`policy, ${transport.name}`, () => {
    it("refuses a caller without the right, naming action, resource and namespace", () =>
      calling({}, async (client) => {
        const context = testContext({ principal: { kind: "agent", id: "a1", roles: [] } });
        const error = await errorOf(client.put(note({ namespace: "team-b" }), { context }));
        assert.ok(meshErrors.denied.is(error));
        assert.deepEqual(
          { ...error.details },
          { principal: "agent a1", action: "notes.put", resource: "note", namespace: "team-b" },
        );
      }));

    it("authorizes a stream by its first request", () =>
      calling({}, async (client) => {
        const context = testContext({ principal: { kind: "agent", id: "a1", roles: [] } });
        async function* requests() {
          yield note({ namespace: "team-c" });
        }
        const error = await errorOf(all(client.talk(requests(), { context })));
        assert.ok(meshErrors.denied.is(error));
        assert.equal(error.details["namespace"], "team-c");
      }));
  });

  describe(`too much at once, ${transport.name}`, () => {
    it("is refused with how long to wait, and counted out when calls end", async () => {
      const gate = latch();
      const entered = latch();
      const handlers = {
        async put(request: Note) {
          entered.open();
          await gate.opened;
          return request;
        },
      };
      const settings = { limits: { inFlight: 1 }, retry: { attempts: 1 } };
      await calling({ handlers, settings }, async (client) => {
        const first = client.put(note());
        await entered.opened;
        const error = await errorOf(client.put(note()));
        assert.ok(meshErrors.overloaded.is(error));
        assert.equal(error.status, "RESOURCE_EXHAUSTED");
        assert.ok(error.retryAfterMs > 0);
        gate.open();
        await first;
        await client.put(note());
      });
    });
  });
}

async function using(
  transport: TransportUnderTest,
  options: PairOptions,
  run: (client: Notes) => Promise<void>,
): Promise<void> {
  const pair = await transport.open(options);
  try {
    await run(pair.client.client(noteService));
  } finally {
    await pair.close();
  }
}
