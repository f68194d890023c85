/** Rules for redirects, goodbyes, drains and pauses. */
import { status } from "@grpc/grpc-js";
import { Hold, Refused } from "@tutti/contracts/agent/v1";
import { RetryClass } from "@tutti/contracts/types/v1";
import type { Rule } from "../rule.ts";
import type { ScriptedLink } from "../scripted-link.ts";
import { expect, expectEqual } from "../unmet.ts";
import { startAttempt } from "./ends.ts";
import { outputOf } from "./work.ts";

export const disconnectRules: readonly Rule[] = [
  {
    id: "redirect",
    // Behind a gateway there are no redirects.
    transports: ["grpc"],
    rule: "A worker that is redirected, in the greeting or later, connects to the new address and keeps its attempts and results.",
    remedy: "connect to Redirect.address after delay_ms, with `running` and every result that is not durable",
    async play(stage) {
      const other = await stage.secondHost();
      const first = await stage.greeting();
      expect(first.hello.canFollow, "`can_follow`", () => "a worker that cannot be redirected");
      stage.redirect(first.stream, { address: other.address, instance: "other", epoch: 2, delayMs: 50 });
      const link = await stage.link({}, other);
      const running = await startAttempt(link, "conformance.slow", { ms: 800 });
      link.send({
        answer: {
          $case: "redirect",
          value: { address: stage.host.address, instance: "first", epoch: 3, delayMs: 0 },
        },
      });
      const greeting = await stage.greeting(stage.host);
      const named = greeting.hello.running.map((token) => Buffer.from(token).toString("hex"));
      expectEqual(named, [running], "`running` in the greeting at the new host");
      expect(greeting.hello.resume === undefined, "no `resume` at another host", () => "one");
      const next = stage.accept(greeting);
      next.tokens.add(running);
      expectEqual(outputOf(await next.result(running)), { waited: 800 }, "the output");
    },
  },
  {
    id: "refused",
    rule: "A worker that is refused for now returns at the requested time. One that is refused for good ends.",
    remedy:
      "wait for retry_after_ms (with back-off). Upon RETRY_CLASS_NEVER stop with an error that contains the reason",
    async play(stage) {
      const refusal = (retry: RetryClass, retryAfterMs: number) =>
        Refused.fromPartial({
          error: {
            code: "pool.full",
            message: "expected room in the pool, got none. Wait",
            retry,
            retryAfterMs,
            status: "RESOURCE_EXHAUSTED",
          },
        });
      const { stream } = await stage.greeting();
      stage.refuse(stream, refusal(RetryClass.RETRY_CLASS_SAME_KEY, 600));
      const second = await stage.greeting();
      const waitedMs = second.stream.openedAtMs - stream.openedAtMs;
      expect(waitedMs >= 500, "the next try after 600 ms", () => `${Math.round(waitedMs)} ms`);
      stage.refuse(second.stream, refusal(RetryClass.RETRY_CLASS_NEVER, 0));
      const code = await stage.exited(5_000);
      expect(code !== 0, "an exit code other than 0", () => "0");
    },
  },
  {
    id: "back-off",
    rule: "A worker that cannot connect tries again, with growing pauses.",
    remedy: "double the pause after each failure, with jitter, from about 100 ms up to some seconds",
    async play(stage) {
      await stage.greeting();
      stage.host.rejectStatus = status.UNAVAILABLE;
      for (const stream of stage.host.streams) stream.disconnect();
      const before = stage.host.streams.length;
      await stage.changes.pass(3_000);
      const tries = stage.host.streams.length - before;
      expect(tries >= 1 && tries <= 20, "1 to 20 tries in 3 s", () => `${tries}`);
      stage.host.rejectStatus = undefined;
      const next = stage.host.streams.length;
      const stream = await stage.changes.until(
        () => stage.host.streams[next]?.arrivals[0] !== undefined && stage.host.streams[next],
        { expected: "another try", found: () => "none", withinMs: 10_000 },
      );
      const hello = stream.arrivals[0]?.frame.hello;
      expect(hello !== undefined, "a greeting", () => "none");
      const link = stage.accept({ stream, hello });
      expectEqual(outputOf(await link.execute("conformance.echo", 8)), 8, "the output after all");
    },
  },
  {
    id: "drain",
    rule: "A worker that must drain finishes its attempts, accepts no more, sends `bye` and exits.",
    remedy:
      "upon HostFrame.drain grant no more credit. When the last attempt has ended and is durable send `bye`, and end",
    async play(stage) {
      const link = await stage.link();
      const token = await startAttempt(link, "conformance.slow", { ms: 600 });
      const granted = link.creditGranted;
      link.send({ drain: { reason: "the conformance program drains it", deadlineMs: 0 } });
      link.credit = 0;
      expectEqual(outputOf(await link.result(token)), { waited: 600 }, "the output of what it had");
      await byeOf(link);
      expect(
        link.creditGranted === granted,
        "no credit while it drains",
        () => `${link.creditGranted - granted}`,
      );
      await stage.waitForClose(link.stream, {
        expected: "the stream to be ended after the goodbye",
        remedy: "",
      });
      await stage.exited(5_000);
    },
  },
  {
    id: "sigterm",
    rule: "On SIGTERM, a worker sends `drain`, finishes its attempts, sends `bye` and exits with code 0.",
    remedy: "handle SIGTERM: AgentFrame.drain, the last results, `bye`, then exit",
    async play(stage) {
      const link = await stage.link();
      const token = await startAttempt(link, "conformance.slow", { ms: 800 });
      await stage.changes.pass(200);
      stage.terminate();
      await link.until(() => link.receivedDrain, { expected: "`drain`", found: () => "none", withinMs: 700 });
      expectEqual(outputOf(await link.result(token)), { waited: 800 }, "the output of what it had");
      await byeOf(link);
      const code = await stage.exited(5_000);
      expect(code === 0, "the exit code 0", () => `${code}`);
    },
  },
  {
    id: "bye",
    rule: "A worker that receives a goodbye stays away for the requested time, and returns with a new link.",
    remedy: "wait for Bye.return_after_ms, then send hello without `resume`",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf();
      const byeAtMs = link.received.at(-1)?.atMs ?? 0;
      link.send({ bye: { reason: "the conformance program sends it away", returnAfterMs: 700 } });
      link.stream.finish();
      const greeting = await stage.greeting();
      const absentMs = greeting.stream.openedAtMs - byeAtMs;
      expect(absentMs >= 600, "700 ms of absence", () => `${Math.round(absentMs)} ms`);
      expect(greeting.hello.resume === undefined, "no `resume` after a goodbye", () => "one");
      const next = stage.accept(greeting);
      expectEqual(outputOf(await next.execute("conformance.echo", 8)), 8, "the next output");
    },
  },
  {
    id: "sleep-wake",
    rule: "A worker that must sleep stays connected, grants no credit until it is woken, and then grants credit again.",
    remedy: "upon `sleep` forget the remaining credit. Upon `wake` grant credit for all free slots",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf(link.slots);
      const granted = link.creditGranted;
      link.send({ sleep: { reason: "the conformance program sends it to sleep", forMs: 0 } });
      link.credit = 0;
      const frames = link.received.length;
      await link.until(() => link.received.length >= frames + 2, {
        expected: "heartbeats while asleep",
        found: () => "none",
      });
      expect(
        link.creditGranted === granted,
        "no credit while asleep",
        () => `${link.creditGranted - granted}`,
      );
      link.send({ wake: { reason: "the conformance program wakes it" } });
      await link.creditOf(link.slots);
      expectEqual(outputOf(await link.execute("conformance.echo", 8)), 8, "the next output");
    },
  },
  {
    id: "held",
    rule: "A worker that is held stays, and finishes what it has.",
    remedy:
      "treat `held` and `released` as information: the host sends no assignments in between, and the worker does nothing",
    async play(stage) {
      const link = await stage.link();
      const token = await startAttempt(link, "conformance.slow", { ms: 400 });
      link.send({ held: { hold: Hold.HOLD_PAUSED, reason: "the conformance program holds it", forMs: 0 } });
      expectEqual(outputOf(await link.result(token)), { waited: 400 }, "the output of what it had");
      link.send({ released: { reason: "the conformance program releases it" } });
      expectEqual(outputOf(await link.execute("conformance.echo", 8)), 8, "the next output");
    },
  },
];

async function byeOf(link: ScriptedLink): Promise<void> {
  await link.until(() => link.receivedBye, {
    expected: "`bye` when everything is done and durable",
    found: () => (link.stream.isEnded ? "the end of the stream without it" : "none"),
  });
}
