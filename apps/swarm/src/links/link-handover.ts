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
import { Bell, type Component, errorFromUnknown, type Logger, type Owner, type Timers } from "@tutti/kernel";
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
  isTelling: boolean;
}

const tellMs = 1_000;
const agentsPerRequest = 2_000;

export class LinkHandover implements Component {
  readonly #parts: LinkHandoverParts;
  readonly #untold = new Map<number, Released>();
  readonly #news = new Bell();

  constructor(parts: LinkHandoverParts) {
    this.#parts = parts;
    parts.roll.onReleased((partition, epoch, agents) =>
      this.#untold.set(partition, { epoch, agents, isTelling: false }),
    );
    parts.tenancy.onOwner((partition, epoch, owner) => this.#look(partition, epoch, owner));
  }

  async drain(): Promise<void> {
    let isLate = false;
    const timer = this.#parts.timers.after(tellMs, () => {
      isLate = true;
      this.#news.ring();
    });
    while (this.#untold.size > 0 && !isLate) await this.#news.rung();
    timer.cancel();
  }

  #look(partition: number, epoch: number, owner: Owner | undefined): void {
    const released = this.#untold.get(partition);
    if (released === undefined || released.isTelling || epoch <= released.epoch) return;
    if (owner === undefined || owner.address === "" || epoch > released.epoch + 1) {
      this.#forget(partition, released);
      return;
    }
    released.isTelling = true;
    void this.#announce(partition, released);
  }

  async #announce(partition: number, released: Released): Promise<void> {
    const { tenancy, dispatch, logger } = this.#parts;
    const pool = tenancy.nameIn(defaultNamespace, partition);
    try {
      await dispatch.tellLinks(requestsOf(pool, released), { timeoutMs: tellMs });
    } catch (error) {
      logger.debug("failed to hand over the agents of moved pools", {
        partition,
        error: errorFromUnknown(error),
      });
    }
    this.#forget(partition, released);
  }

  #forget(partition: number, released: Released): void {
    if (this.#untold.get(partition) === released) this.#untold.delete(partition);
    this.#news.ring();
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
