/** The tools of an agent: capabilities of workers and workflows, under names that models accept. */
import type { Json } from "@tutti/expressions";
import { nearest } from "@tutti/kernel";
import type { ToolSchema } from "./conversation.ts";
import { agentErrors } from "./errors.ts";

/** Capabilities of the platform. */
export interface Catalogue {
  capabilities(namespace: string, accessToken: string): Promise<readonly CatalogueEntry[]>;
  workflow(name: string, namespace: string, accessToken: string): Promise<CatalogueEntry | undefined>;
}

/** A capability or a workflow, with the description of its owner. */
export interface CatalogueEntry {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Json;
}

export interface Tool extends ToolSchema {
  /** `call` of a capability, `child` of a workflow, or the hand-over to another agent. */
  readonly kind: "call" | "child" | "handoff" | "answer";
  /** The capability, the workflow or the agent. */
  readonly target: string;
}

const anything = { type: "object" };
const nameLengthMax = 64;

/**
 * Returns the tools that patterns name: capabilities, `PREFIX.*`, `mcp:SERVER/*` and `workflow:NAME`.
 * A pattern without a tool is an error: an agent without its tools guesses.
 */
export async function toolsOf(
  patterns: readonly string[],
  find: {
    readonly offered: () => Promise<readonly CatalogueEntry[]>;
    readonly workflow: (name: string) => Promise<CatalogueEntry | undefined>;
  },
): Promise<readonly Tool[]> {
  const found: Tool[] = [];
  const missing: string[] = [];
  const offered = patterns.some((pattern) => !pattern.startsWith("workflow:")) ? await find.offered() : [];
  for (const pattern of patterns) {
    if (pattern.startsWith("workflow:")) {
      const workflow = await find.workflow(pattern.slice("workflow:".length));
      if (workflow === undefined) missing.push(`\`${pattern}\``);
      else found.push(toolFrom(workflow, "child"));
      continue;
    }
    const namePattern = pattern.startsWith("mcp:") ? mcpPattern(pattern) : pattern;
    const matching = offered.filter(({ name }) => matches(namePattern, name));
    if (matching.length === 0) missing.push(missingTool(pattern, offered));
    found.push(...matching.map((each) => toolFrom(each, "call")));
  }
  if (missing.length > 0) throw agentErrors.toolMissing({ tools: missing.join(", ") });
  return named(
    found.filter(
      ({ kind, target }, at) =>
        at === found.findIndex((other) => other.kind === kind && other.target === target),
    ),
  );
}

function missingTool(pattern: string, offered: readonly CatalogueEntry[]): string {
  const meant = nearest(
    pattern,
    offered.map(({ name }) => name),
  );
  return `\`${pattern}\`${meant === undefined ? "" : ` (did you mean \`${meant}\`?)`}`;
}

/** Capabilities of MCP tools have no capitals, and no signs other than `_` and `-`. */
function mcpPattern(pattern: string): string {
  const [, server = "", tool = ""] = /^mcp:([^/]*)\/?(.*)$/s.exec(pattern) ?? [];
  const isResources = tool.startsWith("resources.");
  return `mcp.${server}.${isResources ? tool : tool.toLowerCase().replace(/[^a-z0-9_*-]/g, "_")}`;
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function toolFrom({ name, description, inputSchema }: CatalogueEntry, kind: "call" | "child"): Tool {
  // Models accept objects only, so any other input is the member `value` of an object.
  const isObject = typeof inputSchema === "object" && inputSchema !== null && !Array.isArray(inputSchema);
  const schema =
    isObject && Object.keys(inputSchema).length > 0 ? { type: "object", ...inputSchema } : anything;
  return { kind, target: name, name, description, inputSchema: schema };
}

/** Gives each tool a name of letters, digits, `_` and `-`. */
export function named(tools: readonly Tool[]): readonly Tool[] {
  const usedNames = new Set<string>();
  return tools.map((tool) => {
    const base = tool.name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, nameLengthMax);
    let name = base;
    for (let count = 2; usedNames.has(name); count++) name = `${base.slice(0, nameLengthMax - 4)}_${count}`;
    usedNames.add(name);
    return { ...tool, name };
  });
}
