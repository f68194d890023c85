/** Agent cards: of the platform, with a skill for each workflow, and of one workflow. */
import type { Definition } from "@tutti/rest/types";
import { budgetExtension, type Json, outputModes, protocolVersion } from "./protocol.ts";

/** Which agent a request is for. Without a workflow it is the platform's, for all workflows of a namespace. */
export interface AgentAddress {
  readonly namespace: string | undefined;
  readonly workflow: string | undefined;
}

export interface CardParts {
  /** `https://tutti.example`, without a slash at its end. */
  readonly origin: string;
  readonly version: string;
  /** Whether callers need a key. */
  readonly needsKey: boolean;
}

/** `/a2a`, `/a2a/namespaces/NAMESPACE` or `/a2a/workflows/NAMESPACE/NAME`. */
export function pathOf({ namespace, workflow }: AgentAddress): string {
  if (namespace === undefined) return "/a2a";
  if (workflow === undefined) return `/a2a/namespaces/${encodeURIComponent(namespace)}`;
  return `/a2a/workflows/${encodeURIComponent(namespace)}/${encodeURIComponent(workflow)}`;
}

/** The part that callers without a key may read: that the agent exists, and how to request the rest. */
export function publicCard(parts: CardParts): Json {
  const start = {
    id: "workflow",
    name: "Run a workflow",
    tags: ["workflow"],
    description:
      "Start a durable workflow and follow it. The extended agent card lists the workflows as skills. Select one with `metadata.skillId` of the message.",
  };
  return platformCard(parts, { namespace: undefined, workflow: undefined }, [start]);
}

/** The platform's agent for a caller that may see these workflows. */
export function extendedCard(
  parts: CardParts,
  address: AgentAddress,
  definitions: readonly Definition[],
): Json {
  return platformCard(parts, address, definitions.map(skillOf));
}

function platformCard(parts: CardParts, address: AgentAddress, skills: readonly Json[]): Json {
  return {
    name: "Tutti",
    description: "Runs durable workflows: each task is a run that survives restarts.",
    ...cardOf(parts, address),
    version: parts.version,
    capabilities: { ...capabilities, extendedAgentCard: true },
    skills,
  };
}

export function workflowCard(parts: CardParts, address: AgentAddress, definition: Definition): Json {
  const { versionLabels, hash = "" } = definition;
  const label = versionLabels.find((name) => name !== "latest");
  return {
    name: definition.name,
    description: descriptionOf(definition),
    ...cardOf(parts, address),
    version: label ?? hash.slice(0, 12),
    capabilities: { ...capabilities, extendedAgentCard: true },
    skills: [skillOf(definition)],
  };
}

const capabilities = {
  streaming: true,
  pushNotifications: true,
  extensions: [
    {
      uri: budgetExtension,
      description:
        "The metadata of a message can contain a budget: `tokens`, `usd`, `timeMs`. The metadata of a task contains `used` with the same fields.",
      required: false,
    },
  ],
};

function cardOf({ origin, needsKey }: CardParts, address: AgentAddress): Json {
  const url = `${origin}${pathOf(address)}`;
  const bearer = { scheme: "Bearer", description: "A key of Tutti. Create one with `tutti key create`." };
  return {
    supportedInterfaces: [
      { url, protocolBinding: "JSONRPC", protocolVersion },
      { url, protocolBinding: "HTTP+JSON", protocolVersion },
    ],
    ...(needsKey && {
      securitySchemes: { key: { httpAuthSecurityScheme: bearer } },
      securityRequirements: [{ schemes: { key: { list: [] } } }],
    }),
    defaultInputModes: ["application/json", "text/plain"],
    defaultOutputModes: outputModes,
  };
}

function skillOf(definition: Definition): Json {
  const { name, inputSchema = "", labels } = definition;
  const schema = inputSchema === "" ? "" : `\n\nThe input satisfies this JSON Schema: ${inputSchema}`;
  return {
    id: name,
    name,
    description: `${descriptionOf(definition)}${schema}`,
    tags: ["workflow", ...Object.entries(labels).map(([key, value]) => `${key}=${value}`)],
  };
}

const descriptionOf = ({ name, description = "" }: Definition): string =>
  description === "" ? `Run the workflow ${name}.` : description;
