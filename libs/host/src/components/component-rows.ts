/** The tree of a process in the form of the contract: a row for each component, before the rows of its parts. */
import { type Component, ComponentState } from "@tutti/contracts/registry/v1";
import { type ConditionStatus, type OrchestratorStatus, toTimestamp } from "@tutti/kernel";

type State = ConditionStatus["state"];

const states: Readonly<Record<State, ComponentState>> = {
  pending: ComponentState.COMPONENT_STATE_PENDING,
  starting: ComponentState.COMPONENT_STATE_STARTING,
  ready: ComponentState.COMPONENT_STATE_READY,
  degraded: ComponentState.COMPONENT_STATE_DEGRADED,
  unhealthy: ComponentState.COMPONENT_STATE_UNHEALTHY,
  draining: ComponentState.COMPONENT_STATE_DRAINING,
  stopping: ComponentState.COMPONENT_STATE_STOPPING,
  stopped: ComponentState.COMPONENT_STATE_STOPPED,
  failed: ComponentState.COMPONENT_STATE_FAILED,
};

const rowsMax = 1_000;
/** The server refuses longer texts, and a person reads only the first lines. */
const reasonMax = 2_000;

/** @param service returns only its components, without those of the process around it */
export function componentRows(status: OrchestratorStatus, service = ""): Component[] {
  const rows: Component[] = [];
  if (service === "") rows.push(row(status, { path: status.name, depth: 0, isCritical: true }));
  add(rows, status, { path: status.name, depth: 1, only: service });
  return rows.slice(0, rowsMax);
}

interface Place {
  readonly path: string;
  readonly depth: number;
}

function add(
  rows: Component[],
  { components }: OrchestratorStatus,
  { path: above, depth, only = "" }: Place & { readonly only?: string },
): void {
  for (const component of components) {
    const { name, critical, orchestrator } = component;
    if (only !== "" && name !== only) continue;
    const path = `${above}.${name}`;
    rows.push(row(component, { path, depth, isCritical: critical }));
    if (orchestrator !== null) add(rows, orchestrator, { path, depth: depth + 1 });
  }
}

interface Described {
  readonly name: string;
  readonly scope: string;
  readonly version: string | null;
  readonly startDurationMs: number | null;
  readonly condition: ConditionStatus;
}

function row(
  { name, scope, version, startDurationMs, condition }: Described,
  { path, depth, isCritical }: Place & { readonly isCritical: boolean },
): Component {
  const { state, since, reason, failures, lastError } = condition;
  return {
    path,
    name,
    depth,
    scope,
    failures,
    version: version ?? "",
    critical: isCritical,
    state: states[state],
    sinceTime: toTimestamp(Date.parse(since)),
    reason: reason.slice(0, reasonMax),
    lastError: lastError?.reason.slice(0, reasonMax) ?? "",
    lastErrorTime: lastError === null ? undefined : toTimestamp(Date.parse(lastError.time)),
    startMs: startDurationMs ?? 0,
  };
}
