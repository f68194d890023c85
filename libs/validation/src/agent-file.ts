/**
 * A file of agents, `agents: [{name, capabilities: [{name, inputSchema, outputSchema}]}]`: capabilities that
 * definitions may use.
 */
import {
  type DefinitionProblem,
  type DefinitionText,
  type Findings,
  type KnownCapability,
  readText,
} from "@tutti/definitions";

type Members = Readonly<Record<string, unknown>>;
type Schema = NonNullable<KnownCapability["inputSchema"]>;

export interface DeclaredAgents {
  readonly problems: readonly DefinitionProblem[];
  readonly capabilities: ReadonlyMap<string, KnownCapability>;
}

export function checkAgents(file: DefinitionText): DeclaredAgents {
  const capabilities = new Map<string, KnownCapability>();
  const { problems } = readText(file, (value, findings) => {
    const agents = membersOf(value)?.["agents"];
    if (!Array.isArray(agents)) {
      findings.error("wrong_type", ["agents"], "expected a list of agents, got something else");
      return;
    }
    for (const [index, agent] of agents.entries()) {
      const path = ["agents", index, "capabilities"];
      const list = membersOf(agent)?.["capabilities"];
      if (!Array.isArray(list))
        findings.error("wrong_type", path, "expected a list of the capabilities of the agent, got none");
      else
        for (const [place, capability] of list.entries())
          declare(capability, [...path, place], findings, capabilities);
    }
  });
  return { problems, capabilities };
}

function declare(
  json: unknown,
  path: readonly (string | number)[],
  findings: Findings,
  capabilities: Map<string, KnownCapability>,
): void {
  const { name, inputSchema, outputSchema }: Members = membersOf(json) ?? {};
  if (typeof name !== "string" || name === "") {
    findings.error("missing_value", [...path, "name"], "expected the name of a capability, got none");
    return;
  }
  capabilities.set(name, {
    ...(inputSchema === undefined ? {} : { inputSchema: inputSchema as Schema }),
    ...(outputSchema === undefined ? {} : { outputSchema: outputSchema as Schema }),
  });
}

function membersOf(value: unknown): Members | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Members)
    : undefined;
}
