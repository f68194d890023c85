/** Adapters among the offered capabilities: a worker that offers `NAME.adapter-check` has the adapter NAME. */
import type { CapabilityEntry } from "./generated/types.ts";

export interface OfferedAdapter {
  readonly name: string;
  readonly version: string;
  readonly workers: number;
  readonly operations: readonly { readonly name: string; readonly description: string }[];
}

const ending = ".adapter-check";

/** Returns the names of the adapters among the names of capabilities. */
export function adapterNamesIn(capabilities: readonly string[]): readonly string[] {
  return capabilities.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
}

export function adaptersIn(capabilities: readonly CapabilityEntry[]): readonly OfferedAdapter[] {
  return capabilities
    .filter(({ name }) => name.endsWith(ending))
    .map((check) => {
      const name = check.name.slice(0, -ending.length);
      const own = capabilities.filter((each) => each.name.startsWith(`${name}.`) && each !== check);
      return {
        name,
        version: own[0]?.versions[0]?.capability?.version ?? "",
        workers: check.versions.reduce((sum, version) => sum + offering(version), 0),
        operations: own.map((each) => ({
          name: each.name.slice(name.length + 1),
          description: each.versions[0]?.capability?.description ?? "",
        })),
      };
    });
}

/** Returns the number of agents that offer a version: a service may offer it for several. */
export function offering({ providers, providersTotal = 0 }: CapabilityEntry["versions"][number]): number {
  const counted = providers.reduce((sum, { providers: agents = 0 }) => sum + Math.max(1, agents), 0);
  return Math.max(counted, providersTotal);
}

/** The workflow that checks the connection of an adapter. */
export function adapterCheck(adapter: string): { readonly name: string; readonly text: string } {
  const name = `adapter-check-${adapter.replaceAll(".", "-")}`;
  const text = [
    `workflow: ${name}`,
    "tasks:",
    `  check: {uses: ${adapter}${ending}, timeout: 30s, retry: {attempts: 1}}`,
    `output: "\${{ tasks.check.output }}"`,
    "",
  ].join("\n");
  return { name, text };
}
