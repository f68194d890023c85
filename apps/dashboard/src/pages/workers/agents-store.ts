/**
 * All agents of the namespace as a stream tells them: thousands of them, of which each picture shows a few. What changes
 * is taken in at once, and told at most so often as somebody can read.
 */
import { type Client, type Followed, RestError } from "@tutti/rest/client";
import type { Agent, WatchAgentsReply } from "@tutti/rest/types";
import { type PageError, pageError } from "../../data/send.ts";

export interface AgentsKnown {
  readonly agents: readonly Agent[];
  /** Whether all that are there have been told. */
  readonly isWhole: boolean;
  readonly problem: PageError | undefined;
}

const nobody: AgentsKnown = { agents: [], isWhole: false, problem: undefined };

export class AgentsStore {
  readonly #agents = new Map<string, Agent>();
  readonly #later: (tell: () => void) => void;
  readonly #listeners = new Set<() => void>();
  #known = nobody;
  #isWhole = false;
  #isTelling = false;

  /** @param later calls once, when something may be shown again */
  constructor(later: (tell: () => void) => void) {
    this.#later = later;
  }

  readonly known = (): AgentsKnown => this.#known;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  take(told: Followed<WatchAgentsReply>): void {
    if (told.kind !== "snapshot" && told.kind !== "change") return;
    if (told.kind === "snapshot" && told.isFirst) this.#agents.clear();
    const { agents = [], removed = [] } = told.value;
    for (const agent of agents) this.#agents.set(nameOf(agent), agent);
    for (const name of removed) this.#agents.delete(nameOf(name));
    this.#isWhole = told.kind !== "snapshot" || told.isLast;
    this.#changed();
  }

  fail(problem: PageError): void {
    this.#known = { ...this.#known, problem };
    for (const listen of this.#listeners) listen();
  }

  #changed(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.#later(() => {
      this.#isTelling = false;
      this.#known = { agents: [...this.#agents.values()], isWhole: this.#isWhole, problem: undefined };
      for (const listen of this.#listeners) listen();
    });
  }
}

function nameOf({ pool = "", agentId = "" }: { readonly pool?: string; readonly agentId?: string }): string {
  return `${pool} ${agentId}`;
}

/** Until it is aborted; over breaks the client comes again by itself. */
export async function followAgents(
  client: Pick<Client, "follow">,
  store: AgentsStore,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const told of client.follow("agents.watch", { query: { withFigures: true } }, { signal }))
      store.take(told);
  } catch (error) {
    if (signal.aborted) return;
    const known = pageError(error);
    store.fail(error instanceof RestError ? { ...known, code: error.code, message: error.detail } : known);
  }
}
