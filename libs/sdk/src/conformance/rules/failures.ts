/** Rules for failures of handlers, of their inputs and of their outputs. */
import type { Result } from "@tutti/contracts/agent/v1";
import { type ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import type { Rule } from "../rule.ts";
import { expect, expectEqual, Unmet } from "../unmet.ts";
import { outputOf } from "./work.ts";

export const failureRules: readonly Rule[] = [
  {
    id: "failure",
    rule: "A deliberate failure arrives unchanged: code, message, details, whether it is final, when to try again.",
    remedy: "map the SDK's failure to ErrorDetail: final means RETRY_CLASS_NEVER, else RETRY_CLASS_SAME_KEY",
    async play(stage) {
      const link = await stage.link();
      const failure = { code: "pay.declined", message: "the card was declined", details: { card: "…17" } };
      const final = failureOf(await link.execute("conformance.fail", { ...failure, final: true }));
      expectEqual(
        [final.code, final.message, final.details["card"]],
        [failure.code, failure.message, "…17"],
        "code, message and details",
      );
      expect(
        final.retry === RetryClass.RETRY_CLASS_NEVER,
        "RETRY_CLASS_NEVER for a final failure",
        () => `${final.retry}`,
      );
      const passing = failureOf(await link.execute("conformance.fail", { ...failure, retryAfterMs: 1_500 }));
      expect(
        passing.retry === RetryClass.RETRY_CLASS_SAME_KEY,
        "RETRY_CLASS_SAME_KEY for one that is not final",
        () => `${passing.retry}`,
      );
      expectEqual(passing.retryAfterMs, 1_500, "retry_after_ms");
    },
  },
  {
    id: "exception",
    rule: "Any error of a handler fails the attempt, not the worker. The definition decides whether it is retried.",
    remedy:
      "catch all exceptions of the handler: send a code for the kind of exception, its message, and RETRY_CLASS_SAME_KEY",
    async play(stage) {
      const link = await stage.link();
      const failed = failureOf(await link.execute("conformance.throw", { message: "the shelf 🎻 is empty" }));
      expect(failed.code !== "", "a code", () => "none");
      expect(
        failed.message.includes("the shelf 🎻 is empty"),
        "the message of what was thrown",
        () => failed.message,
      );
      expect(
        failed.retry === RetryClass.RETRY_CLASS_SAME_KEY,
        "RETRY_CLASS_SAME_KEY",
        () => `${failed.retry}`,
      );
      expectEqual(outputOf(await link.execute("conformance.echo", 1)), 1, "the next output");
    },
  },
  {
    id: "busy",
    rule: "A handler without capacity answers busy, not failed: no attempt counts.",
    remedy: "map the SDK's Busy to Result.busy with retry_after_ms",
    async play(stage) {
      const link = await stage.link();
      const { outcome } = await link.execute("conformance.busy", { retryAfterMs: 750 });
      expect(outcome?.$case === "busy", "`busy`", () => `${outcome?.$case}`);
      expectEqual(outcome.value.retryAfterMs, 750, "retry_after_ms");
    },
  },
  {
    id: "busy-again",
    rule: "An attempt that was answered as busy runs when it is assigned again, even in the frame that reports the answer as durable.",
    remedy: "process the fields about results of a frame before its assignments",
    async play(stage) {
      const link = await stage.link();
      link.isDurable = false;
      const busy = await link.execute("conformance.busy", { retryAfterMs: 0 });
      const reassigned = { ...link.assignment("conformance.echo", "again"), token: busy.token };
      await link.creditOf();
      link.assignWithDurable(reassigned);
      const name = Buffer.from(busy.token).toString("hex");
      const result = await link.until(() => link.resultsOf(name)[1], {
        expected: "the result of the attempt that was given again",
        found: () => "none",
      });
      expectEqual(outputOf(result), "again", "its output");
    },
  },
  {
    id: "unknown-number",
    rule: "An assignment with an unknown capability number fails, and may be retried at another worker.",
    remedy: "answer with `failed` and RETRY_CLASS_ELSEWHERE. Keep the link",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf();
      const assignment = { ...link.assignment("conformance.echo", 1), capability: 4_000_000_000 };
      link.assignEach(assignment);
      const failed = failureOf(await link.result(Buffer.from(assignment.token).toString("hex")));
      expect(failed.code !== "" && failed.message !== "", "a code and a message", () =>
        JSON.stringify(failed),
      );
      expect(
        failed.retry !== RetryClass.RETRY_CLASS_NEVER,
        "RETRY_CLASS_ELSEWHERE or RETRY_CLASS_SAME_KEY",
        () => "RETRY_CLASS_NEVER",
      );
      expectEqual(outputOf(await link.execute("conformance.echo", 1)), 1, "the next output");
    },
  },
  {
    id: "malformed-input",
    rule: "An input that is no JSON fails the attempt, not the link.",
    remedy: "answer with `failed` and RETRY_CLASS_NEVER: the same bytes are no JSON next time either",
    async play(stage) {
      const link = await stage.link();
      for (const bytes of [
        new TextEncoder().encode('{"a": '),
        Uint8Array.of(0xff, 0xfe),
        new TextEncoder().encode("1 2"),
      ]) {
        const failed = failureOf(await link.execute("conformance.echo", bytes));
        expect(failed.retry === RetryClass.RETRY_CLASS_NEVER, "RETRY_CLASS_NEVER", () => `${failed.retry}`);
      }
      expectEqual(outputOf(await link.execute("conformance.echo", 1)), 1, "the next output");
    },
  },
  {
    id: "oversize",
    rule: "An output above max_inline_bytes is not sent in a frame. It is in the blob store before the result refers to it, or the attempt fails.",
    remedy:
      "measure the encoded output before you send it. Store it with BlobService.Put or POST /v1/blobs, and answer with a reference",
    async play(stage) {
      const link = await stage.link();
      expectEqual(
        String(outputOf(await link.execute("conformance.big", { bytes: 60 * 1024 }))).length,
        60 * 1024,
        "the length of a large output",
      );
      // Several times the limit of a frame, but small enough that a busy machine writes and hashes it at once.
      const { outcome } = await link.execute("conformance.big", { bytes: 3_000_000 });
      const body = outcome?.$case === "outputPayload" ? outcome.value.body : undefined;
      if (body?.$case === "blob") {
        const { sha256, size } = body.value;
        const stored = stage.host.stored.get(Buffer.from(sha256).toString("hex"));
        expect(stored === size, "the content in the store", () => `${stored} bytes of ${size}`);
      } else
        expect(outcome?.$case === "failed", "a reference or a failure", () => outcome?.$case ?? "no outcome");
      const received = link.received.reduce((sum, { bytes }) => sum + bytes.length, 0);
      expect(received < 2_000_000, "the output not to be sent", () => `${received} bytes`);
      expectEqual(outputOf(await link.execute("conformance.echo", 1)), 1, "the next output");
    },
  },
  {
    id: "garbage-output",
    rule: "An output that is no JSON fails the attempt for good.",
    remedy:
      "check outputs during encoding. Answer with `failed` and RETRY_CLASS_NEVER, and report the path of the invalid value",
    async play(stage) {
      const link = await stage.link();
      const failed = failureOf(await link.execute("conformance.garbage"));
      expect(failed.retry === RetryClass.RETRY_CLASS_NEVER, "RETRY_CLASS_NEVER", () => `${failed.retry}`);
      expect(failed.message !== "", "a message", () => "none");
      expectEqual(outputOf(await link.execute("conformance.echo", 1)), 1, "the next output");
    },
  },
];

/** Returns the error of an attempt that failed. */
export function failureOf({ outcome }: Result): ErrorDetail {
  if (outcome?.$case !== "failed") throw new Unmet("`failed`", outcome?.$case ?? "no outcome");
  return outcome.value;
}
