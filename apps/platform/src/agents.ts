/**
 * Runs tasks of the kind `agent` on a worker in this process, which links like an external worker. It uses the model
 * providers from the configuration or the environment.
 */
import type { Component, Foundation, SecretReference } from "@tutti/kernel";
import type { ModelsOptions, Provider } from "@tutti/sdk/agents";
import type { Worker } from "@tutti/sdk/worker";

export interface AgentWorkersOptions {
  readonly foundation: Foundation;
  readonly namespaces: readonly string[];
  readonly slots: number;
  readonly providers: Readonly<
    Record<string, Omit<Provider, "key"> & { readonly key?: SecretReference | undefined }>
  >;
  readonly prices: NonNullable<ModelsOptions["prices"]>;
  /** Addresses of the link for workers, and of REST. Known after the start. */
  readonly address: () => string;
  readonly url: () => string;
}

export class AgentWorkers implements Component {
  readonly #options: AgentWorkersOptions;
  #workers: readonly Worker[] = [];

  constructor(options: AgentWorkersOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { foundation, namespaces, slots, prices, address, url } = this.#options;
    // Loaded here, because most installations run without agents.
    const [{ agents, providersIn }, { Worker }] = await Promise.all([
      import("@tutti/sdk/agents"),
      import("@tutti/sdk/worker"),
    ]);
    const providers = { ...providersIn(process.env), ...(await this.#configured()) };
    const fn = agents({ server: url(), providers, prices }, foundation);
    this.#workers = namespaces.map((namespace) =>
      new Worker(
        {
          address: address(),
          server: url(),
          namespace,
          slots,
          handleSignals: false,
          kind: "model",
          description: "Runs tasks of the kind agent.",
        },
        { logger: foundation.logger },
      ).durable(fn),
    );
    // The platform does not wait for the workers. A worker reconnects by itself if its link fails.
    for (const worker of this.#workers)
      worker.start().catch((error: unknown) => foundation.logger.error("agents cannot run", { error }));
  }

  async drain(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop("the platform stops").catch(() => {})));
  }

  async #configured(): Promise<Readonly<Record<string, Provider>>> {
    const own = await Promise.all(
      Object.entries(this.#options.providers).map(async ([name, { key, ...provider }]) => {
        const revealed = await key?.reveal();
        return [name, { ...provider, ...(revealed !== undefined && { key: revealed }) }] as const;
      }),
    );
    return Object.fromEntries(own);
  }
}

const signs = [
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_BASE_URL",
  "OPENAI_API_KEY",
  "OPENAI_BASE_URL",
  "TUTTI_LOCAL_MODELS",
];

/** Returns true if the environment names a provider of models. */
export function namesModels(environment: NodeJS.ProcessEnv): boolean {
  return signs.some((name) => (environment[name] ?? "") !== "");
}
