/** Advice about the reserved resources of a task, from its usage. */
import type { TaskDocument } from "../language/document.ts";

/** Usage of tasks of a capability while they ran alone. */
export interface RecordedUse {
  readonly capability: string;
  /** `cpu` in cores, `memory_bytes`: names of resources. */
  readonly resource: "cpu" | "memory_bytes";
  readonly p50: number;
  /** The worst 99th percentile of an hour. */
  readonly p99: number;
  readonly attempts: number;
}

interface Sized {
  readonly resource: RecordedUse["resource"];
  readonly before: number;
  readonly after: number;
  readonly use: RecordedUse;
}

const attemptsMin = 50;
/** Factor above the usage: other inputs may need more. */
const reserve = 1.25;
/** Minimum share of a change. */
const changeMin = 0.2;
const steps = { cpu: 0.05, memory_bytes: 16 * 2 ** 20 } as const;
const mebibyte = 2 ** 20;

/** Returns the resources of which the task could reserve less. */
export function smallerOf(
  { uses = "", resources = {} }: Pick<TaskDocument, "uses" | "resources">,
  recorded: readonly RecordedUse[],
): readonly Sized[] {
  const [capability] = uses.split("@");
  return recorded
    .filter((use) => use.capability === capability && use.attempts >= attemptsMin)
    .flatMap((use): Sized[] => {
      const { resource, p99 } = use;
      const before = resources[resource] ?? 0;
      const step = steps[resource];
      // A multiple of 0.05 is not exact in binary.
      const after = Number((Math.max(1, Math.ceil((p99 * reserve) / step)) * step).toFixed(2));
      return after <= before * (1 - changeMin) ? [{ resource, before, after, use }] : [];
    });
}

export function sizeText(resource: RecordedUse["resource"], amount: number): string {
  return resource === "cpu"
    ? `${Number(amount.toFixed(2))} cores`
    : `${Math.round(amount / mebibyte)} MiB of memory`;
}
