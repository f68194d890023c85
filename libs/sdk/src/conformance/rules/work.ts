/** Rules for tasks and for the context that a handler sees. */
import type { Result } from "@tutti/contracts/agent/v1";
import type { Rule } from "../rule.ts";
import { parsed } from "../scripted-link.ts";
import { expect, expectEqual, Unmet } from "../unmet.ts";

export const workRules: readonly Rule[] = [
  {
    id: "echo",
    rule: "The answer to an attempt has its token and the handler's output, which may be any JSON.",
    remedy: "parse inline_input as JSON, absent means null, and send the output as inline_output",
    async play(stage) {
      const link = await stage.link();
      const inputs = [
        { a: [1, -2.5, true, null, { "": "" }] },
        'grüße 🎻 \u0000 " \\',
        0,
        [],
        {},
        null,
        "x".repeat(50_000),
      ];
      for (const input of inputs)
        expectEqual(outputOf(await link.execute("conformance.echo", input)), input, "the output");
      expectEqual(outputOf(await link.execute("conformance.echo")), null, "the output for no input");
    },
  },
  {
    id: "batches",
    rule: "Each assignment of a frame has one answer, and credit comes back as slots become free.",
    remedy: "grant one credit for each freed slot, in the frame with the result",
    async play(stage) {
      const link = await stage.link();
      const total = 40;
      let assigned = 0;
      const tokens: string[] = [];
      while (assigned < total) {
        await link.creditOf();
        const count = Math.min(link.credit, total - assigned);
        const tasks = Array.from(
          { length: count },
          (_, at) => ["conformance.echo", { at: assigned + at }] as const,
        );
        tokens.push(...link.assign(...tasks));
        assigned += count;
      }
      for (const [at, token] of tokens.entries())
        expectEqual(outputOf(await link.result(token)), { at }, "the output");
      expect(link.resultsReceived === total, `${total} results`, () => `${link.resultsReceived}`);
    },
  },
  {
    id: "credit",
    rule: "Unused credit and running attempts together never exceed the slots.",
    remedy: "grant slots - running - unused credit, never more",
    async play(stage) {
      const link = await stage.link();
      const { slots } = link;
      await link.creditOf(slots);
      const slow = link.assign(
        ...Array.from({ length: slots }, () => ["conformance.slow", { ms: 600 }] as const),
      );
      const check = () => {
        const atWork = slow.filter((token) => link.resultsOf(token).length === 0).length;
        expect(
          link.credit + atWork <= slots,
          `credit for at most ${slots - atWork}: ${atWork} of ${slots} slots are in use`,
          () => `${link.credit}`,
        );
        return atWork === 0 && link.credit === slots;
      };
      await link.until(check, {
        expected: `credit for ${slots} when all is done`,
        found: () => `${link.credit}`,
      });
    },
  },
  {
    id: "started",
    rule: "An attempt that takes longer than started_after_ms reports its start once, before its result.",
    remedy: "send Started, with how long ago it was, when an attempt is older than Welcome.started_after_ms",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf();
      const [token = ""] = link.assign(["conformance.slow", { ms: 700 }]);
      await link.result(token);
      const kinds = link
        .messagesOf(token)
        .map(({ kind }) => kind)
        .filter((kind) => kind !== "progress");
      expectEqual(kinds, ["started", "result"], "the reports of a long attempt");
      const [started] = link.messagesOf(token);
      const agoMs = started?.kind === "started" ? started.value.agoMs : -1;
      expect(agoMs >= 0 && agoMs < 700, "`ago_ms` from 0 to 700", () => `${agoMs}`);
    },
  },
  {
    id: "context",
    rule: "A handler can read its work, task, attempt, idempotency key, trace, labels and remaining time.",
    remedy: "pass every field of the assignment to the handler. An empty key means `<work_id>/<task_id>`",
    async play(stage) {
      const link = await stage.link();
      const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
      const labels = [{ name: "customer", value: "17" }];
      const fields = {
        workId: "order-17",
        taskId: "ship[3]",
        attempt: 2,
        traceparent,
        labels,
        runMs: 60_000,
      };
      const context = record(outputOf(await link.execute("conformance.context", undefined, fields)));
      const { remainingMs, ...others } = context;
      expectEqual(
        others,
        {
          workId: "order-17",
          taskId: "ship[3]",
          attempt: 2,
          traceparent,
          labels: { customer: "17" },
          idempotencyKey: "order-17/ship[3]",
          namespace: "default",
        },
        "what the handler sees",
      );
      expect(
        typeof remainingMs === "number" && remainingMs > 30_000 && remainingMs <= 60_000,
        "from 30,000 to 60,000 ms left",
        () => `${remainingMs}`,
      );
      const other = record(
        outputOf(
          await link.execute("conformance.context", undefined, {
            ...fields,
            idempotencyKey: "pay-17",
            namespace: "acme",
            runMs: 0,
          }),
        ),
      );
      expectEqual(other["idempotencyKey"], "pay-17", "the key that was given");
      expectEqual(other["namespace"], "acme", "the namespace that was given");
      expectEqual(other["remainingMs"], null, "the time left without a limit");
    },
  },
  {
    id: "progress",
    rule: "Progress has fraction and message. A later attempt receives the saved state.",
    remedy:
      "send Progress when the handler reports it, `saved` as JSON in UTF-8. Pass Assign.saved to the handler",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf();
      const [token = ""] = link.assign(["conformance.saved", {}, { heartbeatMs: 5_000 }]);
      const first = await link.result(token);
      expect(first.outcome?.$case === "failed", "the first attempt to fail", () => `${first.outcome?.$case}`);
      const progress = link
        .messagesOf(token)
        .flatMap((message) => (message.kind === "progress" ? [message.value] : []));
      const last = progress.at(-1);
      expect(last !== undefined, "progress before the result", () => "none");
      expectEqual([last.fraction, last.message], [0.5, "half"], "fraction and message");
      const savedBytes = progress.findLast(({ saved }) => saved.length > 0)?.saved ?? new Uint8Array();
      expectEqual(parsed(savedBytes), { step: 1 }, "what was saved");
      const second = await link.execute("conformance.saved", {}, { attempt: 2, saved: savedBytes });
      expectEqual(outputOf(second), { saved: { step: 1 } }, "what the next attempt was given");
      await link.creditOf();
      const [steps = ""] = link.assign(["conformance.progress", { count: 3 }]);
      expectEqual(outputOf(await link.result(steps)), { count: 3 }, "the output");
      const messages = link
        .messagesOf(steps)
        .flatMap((message) => (message.kind === "progress" ? [message.value.message] : []));
      expect(
        messages.at(-1) === "3 of 3",
        "the last message `3 of 3`: later progress may replace earlier, the last is never lost",
        () => JSON.stringify(messages),
      );
    },
  },
  {
    id: "stream",
    rule: "Partial output comes in order, numbered from 0 in each attempt, before the result.",
    remedy:
      "number PartialOutput.index per attempt. Send pending output before the result, in the same frame or earlier",
    async play(stage) {
      const link = await stage.link();
      const chunks = ["once ", "upon ", "a ", "zeit 🎻"];
      for (const channel of ["", "stdout"]) {
        await link.creditOf();
        const [token = ""] = link.assign([
          "conformance.stream",
          channel === "" ? { chunks } : { chunks, channel },
        ]);
        expectEqual(outputOf(await link.result(token)), { count: chunks.length }, "the output");
        const messages = link.messagesOf(token);
        const outputs = messages.flatMap((message) => (message.kind === "output" ? [message.value] : []));
        expectEqual(
          outputs.map(({ index }) => index),
          outputs.map((_, index) => index),
          "the numbers of the pieces",
        );
        expectEqual(
          Buffer.concat(outputs.map(({ chunk }) => chunk)).toString(),
          chunks.join(""),
          "the pieces joined",
        );
        expect(
          outputs.every((piece) => piece.channel === channel),
          `the channel ${JSON.stringify(channel)}`,
          () => JSON.stringify(outputs.map((piece) => piece.channel)),
        );
        expect(messages.at(-1)?.kind === "result", "the result after all pieces", () =>
          messages.map(({ kind }) => kind).join(", "),
        );
      }
    },
  },
];

/** Returns the output of a successful attempt. */
export function outputOf({ outcome }: Result): unknown {
  if (outcome?.$case === "inlineOutput") return outcome.value.length === 0 ? null : parsed(outcome.value);
  const found =
    outcome?.$case === "failed" ? `failed: ${outcome.value.code} ${outcome.value.message}` : outcome?.$case;
  throw new Unmet("an output", found ?? "no outcome");
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
