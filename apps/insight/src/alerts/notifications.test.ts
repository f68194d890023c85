import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AlertDelivery, type SettleAlertDelivery } from "@tutti/contracts/insight/v1";
import { EffectJobs } from "@tutti/host/serving";
import { testFoundation } from "@tutti/kernel/testing";
import type { Submission } from "@tutti/runtime";
import { insightErrors } from "../errors.ts";
import { Notifications } from "./notifications.ts";

const hourMs = 3_600_000;

/** Sends one message to a receiver that is unavailable for `outageMs`. */
async function sent(outageMs: number, passMs: number) {
  const foundation = testFoundation();
  const notified: SettleAlertDelivery[] = [];
  const runtime = {
    submit({ body, reply }: Submission) {
      // The cast: notifications send only this command.
      notified.push(body as SettleAlertDelivery);
      reply({ kind: "done", reply: {} });
    },
  };
  const cause = { actor: undefined, traceparent: "", decision: "", reason: "" };
  const jobs = new EffectJobs({ runtime, foundation, cause });
  const ids: string[] = [];
  let attempts = 0;
  const receivers = {
    async deliver(_: string, { id }: { readonly id: string }) {
      attempts++;
      if (foundation.time.monotonic() < outageMs) throw insightErrors.receiverFailed({ reason: "no route" });
      ids.push(id);
    },
  };
  const notifications = new Notifications({ notes: new Map(), handle() {} });
  notifications.initialize({ jobs, receivers, foundation });
  const delivery = AlertDelivery.fromPartial({ number: 7, ruleId: "disk", receiver: "ops", count: 1 });
  const effect = { kind: "deliver_alerts", delivery };
  const token = { partition: 0, incarnation: 1, number: 2, attempt: 1 };
  const key = { namespace: "system", kind: "alert", id: "alerts" };
  notifications.dispatch([{ key, token, effect, cause: undefined, isRecovered: false }]);
  await foundation.time.advanceAsync(passMs);
  await jobs.stop();
  return { notified, ids, attempts, failure: notifications.failureOf({ namespace: "system" }, 7) };
}

describe("a message to a receiver that is away", () => {
  it("for an hour arrives once when the receiver is back", async () => {
    const { notified, ids, attempts, failure } = await sent(hourMs, 2 * hourMs);
    assert.deepEqual(notified, [{ delivered: true, message: "" }]);
    assert.equal(ids.length, 1);
    assert.ok(attempts > 100 && attempts < 400, `${attempts} attempts`);
    assert.equal(failure, "");
  });

  it("for longer than a day becomes a dead letter", async () => {
    const { notified, ids } = await sent(48 * hourMs, 25 * hourMs);
    assert.equal(ids.length, 0);
    assert.equal(notified.length, 1);
    assert.equal(notified[0]?.delivered, false);
    assert.match(notified[0]?.message ?? "", /failed for a day: .*no route/);
  });
});
