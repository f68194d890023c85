/** Rules for rare cases: changed offers, workers that pause by themselves, and hosts that violate the protocol. */
import { HostFrame } from "@tutti/contracts/agent/v1";
import type { Rule } from "../rule.ts";
import type { ScriptedLink } from "../scripted-link.ts";
import { expect, expectEqual } from "../unmet.ts";
import { startAttempt } from "./ends.ts";
import { outputOf } from "./work.ts";

export const rareRules: readonly Rule[] = [
  {
    id: "offering",
    rule: "A worker whose offer has changed sends the whole offer again, and runs tasks by the numbers that it receives for new capabilities.",
    remedy:
      "send AgentFrame.offering when a capability is added. Add HostFrame.capability_numbers to the numbers of the welcome",
    async play(stage) {
      const link = await stage.link();
      const before = link.hello.offering?.capabilities.map(({ name }) => name) ?? [];
      const name = "conformance.learned";
      expectEqual(
        outputOf(await link.execute("conformance.learn", { name })),
        { learned: name },
        "the output",
      );
      const offering = await link.until(() => link.offering, {
        expected: "`offering` after a capability was added",
        found: () => "none",
      });
      const offered = offering.capabilities.map((each) => each.name);
      expectEqual(offered.toSorted(), [...before, name].toSorted(), "the whole offer");
      expectEqual(offering.slots, link.hello.offering?.slots, "its slots");
      link.numberLater(name, 900);
      expectEqual(outputOf(await link.execute(name, "new")), "new", "the output of what was learned");
      expectEqual(
        outputOf(await link.execute("conformance.echo", "old")),
        "old",
        "the output of what it could do before",
      );
    },
  },
  {
    id: "own-sleep",
    rule: "A worker that decides to sleep sends `sleep` and grants no credit. Later it sends `wake` and grants credit again.",
    remedy:
      "send `sleep` and forget the remaining credit. At the end of the sleep, send `wake` and credit for all free slots",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf(link.slots);
      const [token = ""] = link.assign(["conformance.nap", { ms: 500 }]);
      await link.until(() => link.receivedSleep, { expected: "`sleep`", found: () => "none" });
      const granted = link.creditGranted;
      await link.result(token);
      await link.until(() => link.receivedWake, { expected: "`wake`", found: () => "none" });
      expect(
        link.creditWhileAsleep === 0,
        "no credit between `sleep` and `wake`",
        () => `${link.creditWhileAsleep}`,
      );
      await link.creditOf(link.slots);
      expect(
        link.creditGranted >= granted + link.slots,
        "credit for all slots again",
        () => `${link.credit}`,
      );
      expectEqual(outputOf(await link.execute("conformance.echo", 8)), 8, "the next output");
    },
  },
  {
    id: "late-assignment",
    rule: "If an assignment was in transit when the host put the worker to sleep, the worker runs it or answers busy.",
    remedy: "answer every assignment: with its end, or with Busy",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf(2);
      link.send({ sleep: { reason: "the conformance program sends it to sleep", forMs: 0 } });
      link.credit = 0;
      const [token = ""] = link.assign(["conformance.echo", 7]);
      await endOf(link, token);
      link.send({ wake: { reason: "the conformance program wakes it" } });
      link.credit = 0;
      expectEqual(outputOf(await link.execute("conformance.echo", 8)), 8, "the next output");
    },
  },
  {
    id: "beyond-credit",
    rule: "A host that gives more than was granted is answered for each of them: with its end, or as busy.",
    remedy: "answer every assignment, also beyond the granted credit, and do not reduce later credit for it",
    async play(stage) {
      const link = await stage.link();
      const { slots } = link;
      await link.creditOf(slots);
      const tasks = Array.from({ length: slots + 3 }, () => ["conformance.slow", { ms: 300 }] as const);
      const tokens = link.assign(...tasks);
      for (const token of tokens) await endOf(link, token);
      link.credit = Math.max(0, link.credit);
      await link.creditOf();
      expectEqual(outputOf(await link.execute("conformance.echo", 8)), 8, "the next output");
    },
  },
  {
    id: "unknown-attempt",
    rule: "The worker ignores messages about an attempt that it does not have.",
    remedy: "drop `cancels` and `extensions` whose token is not running",
    async play(stage) {
      const link = await stage.link();
      const token = new Uint8Array(16).fill(9);
      link.send({
        cancels: [
          { token, reason: "the conformance program sends an unknown token", graceMs: 100 },
          { token, reason: "and again", graceMs: 0 },
        ],
        extensions: [{ token, runMs: 1_000, totalMs: 0 }],
      });
      expectEqual(outputOf(await link.execute("conformance.echo", 8)), 8, "the next output");
      await stage.changes.pass(200);
      expect(!link.stream.isEnded, "the stream to continue", () => "one that has ended");
    },
  },
  {
    id: "answer-first",
    rule: "If the host sends another frame before it has answered the greeting, the worker disconnects and reconnects.",
    remedy: "end a stream whose first frame is not welcome, redirect or refused",
    async play(stage) {
      const { stream } = await stage.greeting();
      stream.write(HostFrame.fromPartial({ sequence: 1, wake: { reason: "too early" } }));
      await stage.waitForClose(stream, { expected: "the stream to be ended", remedy: "" });
      stream.disconnect();
      const link = await stage.link();
      expectEqual(outputOf(await link.execute("conformance.echo", 8)), 8, "the output after all");
    },
  },
  {
    id: "bye-for-good",
    rule: "A worker that receives a permanent `bye` exits and does not reconnect.",
    remedy: "upon a Bye whose return_after_ms is below 0 stop with an error that contains the reason",
    async play(stage) {
      const link = await stage.link();
      await startAttempt(link, "conformance.echo", 1);
      link.send({ bye: { reason: "the conformance program wants it no more", returnAfterMs: -1 } });
      link.stream.finish();
      const code = await stage.exited(5_000);
      expect(code !== 0, "an exit code that is not 0", () => `${code}`);
      expect(
        stage.host.streams.length === 1,
        "no other stream",
        () => `${stage.host.streams.length} streams`,
      );
    },
  },
];

/** Waits for the end of an attempt: its output, or `busy`. */
async function endOf(link: ScriptedLink, token: string): Promise<void> {
  const { outcome } = await link.result(token);
  const kind = outcome?.$case;
  expect(kind === "inlineOutput" || kind === "busy", "an output or `busy`", () => kind ?? "no outcome");
}
