/** The capability by which a task publishes an event: the platform executes it, not a worker. */
import type { Json } from "@tutti/expressions";

export const emitCapability = "tutti.emit";

export interface EmittedEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  /** Time in RFC 3339. */
  readonly time: string;
  readonly data: Json;
}

interface Emitting {
  readonly runId: string;
  readonly taskId: string;
  /** Time at which the task became ready: the same for all its attempts. */
  readonly readyMs: number;
}

const known = new Set(["type", "data", "subject", "id", "source"]);
const idLengthMax = 200;

/** Returns the event of a task, the same for each attempt of it. */
export function emittedEvent(
  input: unknown,
  { runId, taskId, readyMs }: Emitting,
): EmittedEvent | { readonly problem: string } {
  if (typeof input !== "object" || input === null || Array.isArray(input))
    return { problem: "with: expected `type` and `data`, got something else" };
  const { type, data = null, subject = "", id, source } = input as { readonly [name: string]: Json };
  const foreign = Object.keys(input).find((name) => !known.has(name));
  if (foreign !== undefined)
    return { problem: `with.${foreign}: expected type, data, subject, id or source, got ${foreign}` };
  if (typeof type !== "string") return { problem: "type: expected a text such as `shop.order.paid`" };
  if (typeof subject !== "string") return { problem: "subject: expected a text" };
  if (id !== undefined && typeof id !== "string") return { problem: "id: expected a text" };
  if (source !== undefined && (typeof source !== "string" || source === "" || /^\/?tutti\//.test(source)))
    return { problem: "source: expected a text such as `https://shop.example`, not of Tutti" };
  // An event is identified by its source and its id. The source of a run contains the run id.
  const defaultId = `${source === undefined ? "" : `${runId}-`}${taskId}-${readyMs.toString(36)}`;
  return {
    id: (id ?? defaultId).slice(-idLengthMax),
    source: source ?? `/tutti/runs/${runId}`,
    type,
    subject,
    data,
    time: new Date(readyMs).toISOString(),
  };
}
