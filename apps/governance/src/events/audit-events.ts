/** Publishes checkpoints of the audit, and its faults, on the bus. */
import { contractEvent, type EventOutlet } from "@tutti/bus";
import { governanceEvents as events } from "@tutti/contracts/events/v1/governance";
import type { AuditFault, Checkpoint } from "@tutti/contracts/governance/v1";
import { type Clock, fromTimestamp, toTimestamp } from "@tutti/kernel";
import { source } from "./governance-event-publisher.ts";

const checkpoints = "checkpoints";

export class AuditEvents {
  readonly #outlet: Pick<EventOutlet, "publish">;
  readonly #clock: Clock;
  /** Records with a reported fault: each check finds them again. */
  readonly #reported = new Set<string>();

  constructor(outlet: Pick<EventOutlet, "publish">, clock: Clock) {
    this.#outlet = outlet;
    this.#clock = clock;
  }

  signed({ number, createTime, treeSize: size, rootHash: root, signingKeyId }: Checkpoint): void {
    const atMs = createTime === undefined ? this.#clock.now() : fromTimestamp(createTime);
    const header = this.#header(checkpoints, number, atMs);
    const payload = { header, size, root, keyId: signingKeyId };
    this.#outlet.publish(contractEvent(events["tutti.governance.checkpoint.signed"], payload, { source }));
  }

  broken(faults: readonly Pick<AuditFault, "recordId" | "message">[]): void {
    const nowMs = this.#clock.now();
    for (const { recordId, message: reason } of faults) {
      if (this.#reported.has(recordId) || this.#reported.size >= faultsMax) continue;
      this.#reported.add(recordId);
      const [, place = recordId, batch = "0"] = /^(.*)\/(\d+)$/.exec(recordId) ?? [];
      const payload = { header: this.#header(recordId, nowMs, nowMs), place, batch: Number(batch), reason };
      this.#outlet.publish(contractEvent(events["tutti.governance.audit.broken"], payload, { source }));
    }
  }

  #header(resource: string, sequence: number, atMs: number) {
    return { namespace: "", resource, sequence, time: toTimestamp(atMs), cause: undefined };
  }
}

const faultsMax = 1_000;
