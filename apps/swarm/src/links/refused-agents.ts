/** Reports agents that are refused here to the owner of their pool: they explain why a task waits. */
import { agentLinkService, agentPollService, type Offering } from "@tutti/contracts/agent/v1";
import type { TuttiError } from "@tutti/kernel";
import { refusedListenerOf } from "../grants/refused-listener.ts";
import type { PoolDirectory } from "../pools/pool-directory.ts";
import type { PoolTime } from "../pools/pool-time.ts";
import type { Turns } from "../pools/turns.ts";
import { placeOf } from "./greeting.ts";
import type { Relays } from "./relay/relays.ts";

export interface RefusedAgent {
  readonly namespace: string;
  readonly pool: string;
  readonly agentId: string;
  readonly offering: Offering | undefined;
}

export interface RefusedAgentsParts {
  readonly pools: Pick<PoolDirectory, "holds" | "admitted"> & { readonly turns: Pick<Turns, "schedule"> };
  readonly relays: Pick<Relays, "to">;
  readonly now: PoolTime;
}

export class RefusedAgents {
  readonly #parts: RefusedAgentsParts;

  constructor(parts: RefusedAgentsParts) {
    this.#parts = parts;
  }

  report({ namespace, pool: name, agentId, offering }: RefusedAgent, { message: reason }: TuttiError): void {
    if (offering === undefined) return;
    const { pools, relays, now } = this.#parts;
    if (!pools.holds(namespace, name)) {
      relays.to(namespace, name, (relay) => relay.addRefused({ agentId, offering, why: reason }));
      return;
    }
    // Before the first task the pool may not exist yet.
    pools.admitted(namespace, name, { signal: new AbortController().signal }).then(
      (pool) => {
        pool.addRefused(agentId, offering, reason, now());
        pools.turns.schedule(pool);
      },
      // The pool does not exist or has moved: the agent comes again, or no task waits for it.
      () => {},
    );
  }

  /** Receives callers that must not link. */
  readonly linkRefused = refusedListenerOf(
    agentLinkService.methods.link,
    ({ hello }) => hello && placeOf(hello).namespace,
    ({ hello }, error) => {
      if (hello === undefined) return;
      const { agentId, offering } = hello;
      this.report({ ...placeOf(hello), agentId, offering }, error);
    },
  );

  /** Receives callers that must not poll. */
  readonly claimRefused = refusedListenerOf(
    agentPollService.methods.claimTasks,
    (request) => placeOf(request).namespace,
    (request, error) => this.report({ ...request, ...placeOf(request) }, error),
  );
}
