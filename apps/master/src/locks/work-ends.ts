/** Releases the locks and waits of ended work in any case. A missed end is covered by the lease. */
import type { Bus, BusEvent, Subscription } from "@tutti/bus";
import type { Cause } from "@tutti/contracts/types/v1";
import { type Component, errorFromUnknown, type Foundation, type InstanceKey } from "@tutti/kernel";
import { endWork } from "@tutti/machine-lock";
import type { Runtime } from "@tutti/runtime";
import type { LockWorks } from "./lock-works.ts";

export interface WorkEndsParts {
  readonly bus: Pick<Bus, "subscribe">;
  readonly runtime: Pick<Runtime, "execute">;
  readonly works: Pick<LockWorks, "locksOf">;
  readonly foundation: Pick<Foundation, "logger">;
  readonly cause: Cause;
}

const kinds: ReadonlySet<string> = new Set(["run", "mission", "session"]);
/**
 * Subscribed by name, not by kind: most events of work are not its end, and each would wake every process.
 */
const ends = ["completed", "failed", "cancelled", "terminated"];

export class WorkEnds implements Component {
  readonly #parts: WorkEndsParts;
  #subscriptions: readonly Subscription[] = [];

  constructor(parts: WorkEndsParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const { bus } = this.#parts;
    this.#subscriptions = await Promise.all(
      ends.map((end) =>
        bus.subscribe({
          pattern: `tutti.*.*.${end}`,
          label: "locks",
          handle: { each: (event) => this.#workEnded(event) },
        }),
      ),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#subscriptions.map((subscription) => subscription.close()));
  }

  async #workEnded({ type, namespace, subject: id }: BusEvent): Promise<void> {
    const [, , kind = ""] = type.split(".");
    if (!kinds.has(kind)) return;
    const work = { namespace, kind, id, task: "" };
    await Promise.all(this.#parts.works.locksOf(work).map((key) => this.#reportEnd(key, work)));
  }

  async #reportEnd(key: InstanceKey, work: { namespace: string; kind: string; id: string; task: string }) {
    const { runtime, cause, foundation } = this.#parts;
    try {
      await runtime.execute({ key, command: endWork, body: { work }, cause });
    } catch (error) {
      // Its lease ends it, here or at the present owner of the lock.
      const { code } = errorFromUnknown(error);
      foundation.logger.debug("failed to report ended work to a lock", { lock: key.id, code });
    }
  }
}
