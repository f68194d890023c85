/**
 * Sends the messages of the machine of alerts.
 *
 * 1. The result of an attempt becomes durable after the receiver has the message. If the process is killed in between,
 *    the next one sends the message again under the same identity.
 * 2. The last failure of a message is kept only in memory, for display. The next owner of the partition finds out itself.
 */
import type { EffectJobs, JobCommand } from "@tutti/host/serving";
import { assert, errorFromUnknown, type Foundation, type InstanceKey } from "@tutti/kernel";
import { type DeliverAlerts, settleDelivery } from "@tutti/machine-alert";
import type { DueEffect, Effects, EffectToken, MachineEventListener } from "@tutti/runtime";
import { insightErrors } from "../errors.ts";
import { messageOf } from "./receivers/message.ts";
import type { Receivers } from "./receivers/receivers.ts";

export interface NotificationsParts {
  readonly jobs: EffectJobs;
  readonly receivers: Pick<Receivers, "deliver">;
  readonly foundation: Pick<Foundation, "clock" | "metrics">;
}

/** Duration after which a failing message becomes dead. */
const giveUpMs = 24 * 3_600_000;

export class Notifications implements Effects {
  readonly eventListener: MachineEventListener;
  readonly #failures = new Map<string, string>();
  #parts: (NotificationsParts & { readonly counters: ReturnType<typeof countersOf> }) | undefined;

  constructor(eventListener: MachineEventListener) {
    this.eventListener = eventListener;
  }

  /** Sets the parts after construction, because effect jobs need the runtime and the runtime needs this component. */
  initialize(parts: NotificationsParts): void {
    this.#parts = { ...parts, counters: countersOf(parts.foundation.metrics) };
  }

  /** Returns why the last attempt of a message failed. Empty before the first failure. */
  failureOf({ namespace }: Pick<InstanceKey, "namespace">, number: number): string {
    return this.#failures.get(`${namespace}/${number}`) ?? "";
  }

  dispatch(effects: readonly DueEffect[]): void {
    // The machine of alerts is the only one here, and this is the only effect that it makes.
    for (const due of effects) this.#deliver(due, (due.effect as DeliverAlerts).delivery);
  }

  withdraw(tokens: readonly EffectToken[]): void {
    for (const token of tokens) this.#parts?.jobs.withdraw(token);
  }

  #deliver(due: DueEffect, delivery: DeliverAlerts["delivery"]): void {
    const parts = this.#parts;
    assert(parts !== undefined, "nothing is sent before the service is complete", {});
    const { jobs, receivers, foundation, counters } = parts;
    const { namespace } = due.key;
    const name = `${namespace}/${delivery.number}`;
    const message = messageOf(namespace, delivery);
    const untilMs = foundation.clock.now() + giveUpMs;
    const attempt = async (signal: AbortSignal): Promise<JobCommand> => {
      try {
        await receivers.deliver(delivery.receiver, message, signal);
      } catch (thrown) {
        const error = errorFromUnknown(thrown);
        if (!signal.aborted) this.#failures.set(name, error.message);
        if (error.retry === "never" || foundation.clock.now() < untilMs) throw error;
        throw insightErrors.messageRejected({ reason: `it failed for a day: ${error.message}` });
      }
      this.#failures.delete(name);
      counters.delivered();
      return { command: settleDelivery, body: { delivered: true, message: "" } };
    };
    jobs.startJob(due, attempt, ({ message: problem }) => {
      this.#failures.delete(name);
      counters.dead();
      return { command: settleDelivery, body: { delivered: false, message: problem } };
    });
  }
}

function countersOf(metrics: Foundation["metrics"]) {
  const results = metrics.counter({
    name: "tutti_insight_alert_notifications_total",
    help: "Notifications of alerts by outcome: delivered, or dead letter.",
    labels: ["outcome"],
  });
  const [delivered, dead] = [results.with({ outcome: "delivered" }), results.with({ outcome: "dead" })];
  return { delivered: () => delivered.add(1), dead: () => dead.add(1) };
}
