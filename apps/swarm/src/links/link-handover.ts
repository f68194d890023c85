/**
 * Reports the agents of released pools to the next owner. If the next owner asked instead, this process might
 * have exited.
 *
 * 1. The sender waits for the table: it reports only to the owner in the epoch right after its own.
 * 2. The report has parts, and the last one is marked. If parts are lost, the next owner waits for the agents
 *    as after a crash.
 * 3. A process that stops exits after all reports are sent, or a second later.
 */
import { defaultNamespace } from "@tutti/contracts/rpc";
import { type AwaitedAgent, type dispatchService, TellLinksRequest } from "@tutti/contracts/swarm/v1";
import {
  type Component,
  errorFromUnknown,
  type Logger,
  Notifier,
  type Owner,
  type Timers,
} from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import type { PoolTenancy } from "../pools/tenancy.ts";
import type { LinkRoll } from "./roll.ts";

export interface LinkHandoverParts {
  readonly roll: Pick<LinkRoll, "onReleased">;
  readonly tenancy: Pick<PoolTenancy, "nameIn" | "onOwner">;
  readonly dispatch: Pick<Client<typeof dispatchService>, "tellLinks">;
  readonly timers: Timers;
  readonly logger: Logger;
}

interface Released {
  readonly epoch: number;
  readonly agents: readonly AwaitedAgent[];
  isReporting: boolean;
}

const reportMs = 1_000;
const agentsPerRequest = 2_000;

export class LinkHandover implements Component {
  readonly #parts: LinkHandoverParts;
  readonly #unreported = new Map<number, Released>();
  readonly #changed = new Notifier();

  constructor(parts: LinkHandoverParts) {
    this.#parts = parts;
    parts.roll.onReleased((partition, epoch, agents) =>
      this.#unreported.set(partition, { epoch, agents, isReporting: false }),
    );
    parts.tenancy.onOwner((partition, epoch, owner) => this.#check(partition, epoch, owner));
  }

  async drain(): Promise<void> {
    let isLate = false;
    const timer = this.#parts.timers.after(reportMs, () => {
      isLate = true;
      this.#changed.notify();
    });
    while (this.#unreported.size > 0 && !isLate) await this.#changed.notified();
    timer.cancel();
  }

  #check(partition: number, epoch: number, owner: Owner | undefined): void {
    const released = this.#unreported.get(partition);
    if (released === undefined || released.isReporting || epoch <= released.epoch) return;
    if (owner === undefined || owner.address === "" || epoch > released.epoch + 1) {
      this.#remove(partition, released);
      return;
    }
    released.isReporting = true;
    void this.#announce(partition, released);
  }

  async #announce(partition: number, released: Released): Promise<void> {
    const { tenancy, dispatch, logger } = this.#parts;
    const pool = tenancy.nameIn(defaultNamespace, partition);
    try {
      await dispatch.tellLinks(requestsOf(pool, released), { timeoutMs: reportMs });
    } catch (error) {
      logger.debug("failed to hand over the agents of moved pools", {
        partition,
        error: errorFromUnknown(error),
      });
    }
    this.#remove(partition, released);
  }

  #remove(partition: number, released: Released): void {
    if (this.#unreported.get(partition) === released) this.#unreported.delete(partition);
    this.#changed.notify();
  }
}

async function* requestsOf(pool: string, { epoch, agents }: Released): AsyncGenerator<TellLinksRequest> {
  const place = { namespace: defaultNamespace, pool, ownedEpoch: epoch };
  let at = 0;
  do {
    const part = agents.slice(at, at + agentsPerRequest);
    at += agentsPerRequest;
    yield TellLinksRequest.fromPartial({ ...place, agents: part, complete: at >= agents.length });
  } while (at < agents.length);
}
