/** Rules for attempts that the host ends. */
import type { Rule } from "../rule.ts";
import type { ScriptedLink } from "../scripted-link.ts";
import { expect, expectEqual, Unmet } from "../unmet.ts";
import { failureOf } from "./failures.ts";
import { outputOf } from "./work.ts";

export const endRules: readonly Rule[] = [
  {
    id: "cancel",
    rule: "A cancelled attempt ends within the grace, as stopped, or with its output if it was done already.",
    remedy:
      "signal the cancellation to the handler, and answer `stopped` when the handler ends because of it",
    async play(stage) {
      const link = await stage.link();
      const token = await startAttempt(link, "conformance.slow", { ms: 20_000 });
      link.cancel(token, 2_000);
      const { outcome } = await link.result(token, 2_500);
      expect(outcome?.$case === "stopped", "`stopped`", () => `${outcome?.$case}`);
      expectEqual(outputOf(await link.execute("conformance.echo", 1)), 1, "the next output");
    },
  },
  {
    id: "cancel-stubborn",
    rule: "If a handler ignores the cancellation, the worker answers `stopped` at the end of the grace period. It sends no second answer when the handler ends.",
    remedy: "answer `stopped` at the end of the grace period, and drop the later result of the handler",
    async play(stage) {
      const link = await stage.link();
      const token = await startAttempt(link, "conformance.stubborn", { ms: 1_500 });
      link.cancel(token, 300);
      const { outcome } = await link.result(token, 1_200);
      expect(outcome?.$case === "stopped", "`stopped`", () => `${outcome?.$case}`);
      await stage.changes.pass(1_700);
      expect(link.resultsOf(token).length === 1, "one answer", () => `${link.resultsOf(token).length}`);
    },
  },
  {
    id: "cancel-at-once",
    rule: "An attempt that is cancelled without grace gets no answer, and its slot becomes free.",
    remedy: "with grace_ms 0 signal the handler, and drop its result",
    async play(stage) {
      const link = await stage.link();
      const token = await startAttempt(link, "conformance.slow", { ms: 20_000 });
      link.cancel(token, 0);
      await link.creditOf(link.slots);
      await stage.changes.pass(300);
      expect(link.resultsOf(token).length === 0, "no result", () => `${link.resultsOf(token).length}`);
    },
  },
  {
    id: "timeout",
    rule: "An attempt that takes longer than run_ms fails automatically. An extension moves the deadline.",
    remedy: "abort the handler's signal at run_ms, and answer `failed`. Restart the time at Extend",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf(2);
      const [late = "", extended = ""] = link.assign(
        ["conformance.slow", { ms: 20_000 }, { runMs: 400 }],
        ["conformance.slow", { ms: 1_000 }, { runMs: 400 }],
      );
      link.send({ extensions: [{ token: Buffer.from(extended, "hex"), runMs: 30_000, totalMs: 0 }] });
      const failed = failureOf(await link.result(late, 2_500));
      expect(failed.code !== "", "a code", () => "none");
      expectEqual(
        outputOf(await link.result(extended)),
        { waited: 1_000 },
        "the output of the one with more time",
      );
    },
  },
  {
    id: "unwanted",
    rule: "The worker stops the attempts that the welcome of a new link lists as unwanted, and drops their results.",
    remedy: "drop the attempts and stored results in Welcome.unwanted",
    async play(stage) {
      const link = await stage.link({ resumeWindowMs: 1 });
      link.isDurable = false;
      const done = await startAttempt(link, "conformance.echo", "done");
      await link.result(done);
      const running = await startAttempt(link, "conformance.slow", { ms: 20_000 });
      link.stream.disconnect();
      const greeting = await stage.greeting();
      const named = greeting.hello.running.map((token) => Buffer.from(token).toString("hex"));
      expectEqual([...named].sort(), [done, running].sort(), "`running` in the greeting");
      const next = stage.accept(greeting, {
        unwanted: [done, running].map((token) => Buffer.from(token, "hex")),
      });
      await next.creditOf(next.slots);
      await stage.changes.pass(300);
      if (next.violation !== undefined)
        throw new Unmet("no messages about unwanted tokens", next.violation.found);
      expect(
        next.messages.length === 0,
        "no messages about unwanted tokens",
        () => `${next.messages.length} messages`,
      );
    },
  },
];

/** Assigns a task, and returns its token. */
export async function startAttempt(link: ScriptedLink, capability: string, input: unknown): Promise<string> {
  await link.creditOf();
  const [token = ""] = link.assign([capability, input]);
  return token;
}
