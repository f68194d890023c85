/** Running work are made of, whether they are started now or by a schedule. */
import { RunSpec } from "@tutti/contracts/workflow/v1";
import { duration, labels, type OptionNames, priority, text } from "../options.ts";
import { payloadOf } from "./payloads.ts";
import { type Duration, eitherDuration } from "./work/duration.ts";
import { type AmountsOptions, amountNames, amountsOf } from "./work/task.ts";

export interface SpecOptions {
  readonly input?: unknown;
  /** Version by its label, its hash or the start of one. Default: `latest`. */
  readonly version?: string;
  /** Parameters of the template. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Added to the priority of each of its tasks, -100 to 100. */
  readonly priority?: number;
  /** Pool of its tasks, if they name none. */
  readonly pool?: string;
  /** Timeout: `2h`, or milliseconds. Default: no limit. */
  readonly timeout?: Duration;
  /** @deprecated use `timeout` */
  readonly timeoutMs?: number;
  /** Retention after its end: `30d`, or milliseconds. Default: the retention of its definition, or of all runs. */
  readonly retention?: Duration;
  /** @deprecated use `retention` */
  readonly retentionMs?: number;
  /** Limits of its use, including its children. Default: none. */
  readonly budget?: AmountsOptions;
}

export const specNames: OptionNames<SpecOptions> = {
  input: true,
  version: text,
  parameters: true,
  labels,
  priority,
  pool: text,
  timeout: duration,
  timeoutMs: duration,
  retention: duration,
  retentionMs: duration,
  budget: amountNames,
};

/** The version with this content. */
export interface ExactVersion {
  readonly $case: "hash";
  readonly value: string;
}

/** @param definition name, or `name@label` */
export function specOf(definition: string, options: SpecOptions, exact?: ExactVersion): RunSpec {
  const [name = "", label] = definition.split("@");
  const { input, version = label, parameters, pool, budget } = options;
  const reference = {
    name,
    version: exact ?? (version === undefined ? undefined : { $case: "label" as const, value: version }),
  };
  const spec = RunSpec.fromPartial({
    what: { $case: "definition", value: reference },
    labels: { ...options.labels },
    priority: options.priority ?? 0,
    pool: pool ?? "",
    timeoutMs: eitherDuration("timeout", options.timeout, options.timeoutMs) ?? 0,
    retentionMs: eitherDuration("retention", options.retention, options.retentionMs) ?? 0,
    budget: budget && amountsOf(budget),
  });
  spec.input = payloadOf(input, "input");
  spec.parameters = payloadOf(parameters, "parameters");
  return spec;
}
