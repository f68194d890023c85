/** The operations endpoints of a process, requested like an operator or Kubernetes does. */
import type { OrchestratorStatus, Readiness } from "@tutti/kernel";

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

async function get<Body>(http: string, path: string): Promise<Answer<Body>> {
  const response = await fetch(`${http}${path}`);
  return { status: response.status, body: (await response.json()) as Body };
}

export function livez(http: string): Promise<Answer<{ readonly live: boolean; readonly state: string }>> {
  return get(http, "/livez");
}

export function readyz(http: string): Promise<
  Answer<
    Readiness & {
      readonly state: string;
      readonly health: { readonly level: string; readonly reason: string };
    }
  >
> {
  return get(http, "/readyz");
}

export async function statusOf(http: string): Promise<OrchestratorStatus> {
  return (await get<OrchestratorStatus>(http, "/status")).body;
}

export async function metricsOf(http: string): Promise<string> {
  return (await fetch(`${http}/metrics`)).text();
}

/** Returns the orchestrator at a path of names below the outermost one. */
export function orchestratorAt(status: OrchestratorStatus, ...names: readonly string[]): OrchestratorStatus {
  let found = status;
  for (const name of names) {
    const next = found.components.find((component) => component.name === name)?.orchestrator;
    if (!next)
      throw new Error(`${found.name} has no orchestrator ${name}: ${JSON.stringify(found, null, 2)}`);
    found = next;
  }
  return found;
}

/** Returns the values of a metric by their labels, in the written form. */
export function samplesOf(metrics: string, name: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const line of metrics.split("\n")) {
    const [, labels = "", value] = new RegExp(`^${name}(\\{[^}]*\\})? (\\S+)`).exec(line) ?? [];
    if (value !== undefined) found.set(labels, Number(value));
  }
  return found;
}
