/** Agents: language models that use tools, as a durable function that a worker runs. */
import type { AgentDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { agentFunction, defaultUrl, systemClock, systemTimers } from "@tutti/kernel";
import { type DurableFunction, durable } from "../functions/durable.ts";
import { apiKeyIn, urlIn } from "../worker/settings.ts";
import { runAgent } from "./agent.ts";
import { RestCatalogue } from "./catalogue.ts";
import { Models, type ModelsOptions, type ModelsPorts, providersIn } from "./models/models.ts";
import type { Catalogue } from "./tools.ts";

export type { Message, ModelQuestion, ModelReply, Part, ToolSchema } from "./conversation.ts";
export { agentErrors } from "./errors.ts";
export type { ModelsOptions, Provider } from "./models/models.ts";
export { providersIn } from "./models/models.ts";
export type { Price } from "./models/prices.ts";
export type { Catalogue, CatalogueEntry } from "./tools.ts";

export interface AgentsOptions extends ModelsOptions {
  /** URL of the platform, which knows the tools. Default: TUTTI_URL. */
  readonly server?: string;
  /** Token for reading the tools from the platform. Default: TUTTI_API_KEY. */
  readonly accessToken?: string;
  /** Source of the tools. Default: the platform. */
  readonly catalogue?: Catalogue;
}

/**
 * Makes the function that runs tasks of the kind `agent`. Give it to a worker:
 * `worker.durable(agents())`.
 */
export function agents(
  {
    server = (urlIn(process.env) || defaultUrl()).split(",")[0] ?? "",
    accessToken = apiKeyIn(process.env),
    catalogue,
    providers = providersIn(process.env),
    ...options
  }: AgentsOptions = {},
  ports: Partial<ModelsPorts> = {},
): DurableFunction<AgentDocument, Json> {
  const { fetch: fetchFunction = fetch, clock = systemClock, timers = systemTimers } = ports;
  const models = new Models({ ...options, providers }, { fetch: fetchFunction, clock, timers });
  const known = catalogue ?? new RestCatalogue({ server, accessToken }, { fetch: fetchFunction, timers });
  return durable<AgentDocument, Json>(
    agentFunction,
    (ctx, document) => runAgent(ctx, document, { models, catalogue: known }),
    { description: "A language model that uses tools. Its input is the `agent` of a task.", retry: 5 },
  );
}
