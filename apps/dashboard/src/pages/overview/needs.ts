/** Work that needs attention. */
import type { Run } from "@tutti/rest/types";

/** Running runs with tasks that are paused until a person acts. */
export function withPausedTasks(runs: readonly Run[]): readonly Run[] {
  return runs.filter(({ tasks }) => (tasks?.paused ?? 0) > 0);
}

/** `12`, or `20+` if the list has more entries than its first page. */
export function countText(read: number, nextToken: string | undefined): string {
  return nextToken ? `${read}+` : String(read);
}

export interface Trouble {
  readonly path: string;
  readonly state: string;
  readonly reason: string;
}

interface Part {
  readonly name: string;
  readonly health: { readonly state: string; readonly reason: string };
  readonly inner: readonly Part[];
}

/** Every unhealthy component, the innermost ones only: the components around them are unhealthy because of them. */
export function troublesIn(status: unknown): readonly Trouble[] {
  return troublesOf(partOf(status), []);
}

function troublesOf(part: Part, above: readonly string[]): readonly Trouble[] {
  const path = part.name === "" ? above : [...above, part.name];
  const inner = part.inner.flatMap((each) => troublesOf(each, path));
  if (inner.length > 0) return inner;
  const { state, reason } = part.health;
  return state === "" || state === "healthy" ? [] : [{ path: path.join(" / "), state, reason }];
}

/** Returns an orchestrator or a component, as the tree of `/v1/status` has them. */
function partOf(value: unknown): Part {
  const { name, health, components, orchestrator } = recordOf(value);
  const inner = [
    ...(Array.isArray(components) ? components.map(partOf) : []),
    // An orchestrator has a component with its own name, which is represented by its parts.
    ...innerOf(orchestrator),
  ];
  const { level, reason } = recordOf(health);
  return { name: textOf(name), health: { state: textOf(level), reason: textOf(reason) }, inner };
}

function innerOf(orchestrator: unknown): readonly Part[] {
  return orchestrator === null || orchestrator === undefined ? [] : partOf(orchestrator).inner;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
