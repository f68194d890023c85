/**
 * Turns the request of a caller into the order of a run: everything is looked up, validated, and made
 * durable.
 */
import { hash } from "node:crypto";
import {
  type DefinitionReference,
  type Payload,
  TaskList,
  type WorkReference,
} from "@tutti/contracts/types/v1";
import { DefinitionKind, type ParentClosePolicy, RunOrder, RunSpec } from "@tutti/contracts/workflow/v1";
import { jsonOf, repeatedIds, requireValidInput, validateInputAgainst } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { type CallContext, type ConfiguredRetry, type ConfiguredRetryOf, fromTimestamp } from "@tutti/kernel";
import type { RunPlans } from "@tutti/machine-run";
import { isStoredValue } from "@tutti/machine-work";
import { traceparentOf } from "@tutti/mesh";
import { checked } from "@tutti/validation/thread";
import { requireValid } from "../definitions/sources.ts";
import type { RunnableVersion, Versions } from "../definitions/versions.ts";
import { requestErrors } from "../errors.ts";
import type { PlanCache } from "../plans/plan-cache.ts";

export interface OrdersNeeds {
  readonly versions: Versions;
  readonly planCache: PlanCache & RunPlans;
  readonly retryIn: ConfiguredRetryOf;
  /** Returns the content of an input that is a reference. */
  readonly readBlob: (namespace: string, sha256: Uint8Array) => Promise<Uint8Array | undefined>;
}

/** The fields next to the specification. */
export interface OrderExtras {
  readonly startMs: number;
  readonly parent: WorkReference | undefined;
  readonly root: WorkReference | undefined;
  readonly parentClose: ParentClosePolicy;
  readonly idChosen: boolean;
}

/** A specification with its definition: the common part of many runs that differ only in their input. */
export interface PreparedSpec {
  readonly spec: RunSpec;
  /** Without the fields that differ from run to run. */
  readonly order: Omit<RunOrder, "input" | "inputPayload" | "requestHash">;
  /** The content of a referenced input, if runs read it. */
  readonly content: Payload | undefined;
  /** JSON Schema of the input. Undefined if anything is valid. */
  readonly inputSchema: Json | undefined;
  /** Another version of the definition, which gets a share of the runs. */
  readonly rolledOut?: { readonly prepared: PreparedSpec; readonly percent: number };
}

export class Orders {
  readonly #needs: OrdersNeeds;

  constructor(needs: OrdersNeeds) {
    this.#needs = needs;
  }

  /** Finds the definition, or plans the tasks, and prepares the plan. */
  async prepare(spec: RunSpec, extras: OrderExtras, context: CallContext): Promise<PreparedSpec> {
    const { what, parameters } = spec;
    const common = { ...commonOf(spec, extras), traceparent: traceparentOf(context.trace) };
    if (what?.$case === "tasks")
      return {
        spec,
        order: { ...common, ...(await planned(what.value, this.#needs.retryIn(context.namespace))) },
        content: await this.#contentOf(inputOf(spec), context.namespace),
        inputSchema: undefined,
      };
    if (what === undefined) throw requestErrors.nothingToRun();
    const parameterJson = parameters && jsonOf(parameters, "spec.parameters");
    const { versions } = this.#needs;
    const version = await versions.runnable(what.value, parameterJson, context);
    const prepared = await this.#prepared(spec, common, version, context);
    if (version.definition.rollout === undefined) return prepared;
    const rolledOut = await versions.rolledOut(what.value, parameterJson, context);
    if (rolledOut === undefined) return prepared;
    const other = await this.#prepared(spec, common, rolledOut.version, context);
    return { ...prepared, rolledOut: { prepared: other, percent: rolledOut.percent } };
  }

  async #prepared(
    spec: RunSpec,
    common: Omit<PreparedSpec["order"], PlannedField>,
    { name, hash, label, definition }: RunnableVersion,
    context: CallContext,
  ): Promise<PreparedSpec> {
    await this.#needs.planCache.prepare(context.namespace, hash);
    const plan = this.#needs.planCache.plan(hash);
    const { parameters: filled } = plan.plan;
    const schema = definition.inputSchema;
    const isRead = schema !== "" || plan.readsInput;
    return {
      spec,
      content: isRead ? await this.#contentOf(inputOf(spec), context.namespace) : undefined,
      order: {
        ...common,
        definition: name,
        hash,
        versionLabel: label,
        kind: definition.kind,
        plan: noBytes,
        // The values of the template: missing ones have their defaults.
        parameters: filled === null ? noBytes : Buffer.from(JSON.stringify(filled)),
      },
      inputSchema: schema === "" ? undefined : (JSON.parse(schema) as Json),
    };
  }

  /** Returns the content of a reference. Values that runs read must be in their records: a decision waits for no store. */
  async #contentOf(input: Payload | undefined, namespace: string): Promise<Payload | undefined> {
    if (input?.body?.$case !== "blob" || !isStoredValue(input)) return undefined;
    const value = await this.#needs.readBlob(namespace, input.body.value.sha256);
    // Requests with missing blobs are rejected before.
    return value && { body: { $case: "inline", value }, mediaType: "" };
  }

  /** Finds a version of a definition, with a template filled in, and prepares its plan. */
  async version(reference: DefinitionReference, parameters: Json | undefined, context: CallContext) {
    const found = await this.#needs.versions.runnable(reference, parameters, context);
    await this.#needs.planCache.prepare(context.namespace, found.hash);
    return found;
  }

  /** Returns why an input does not satisfy an available plan. Undefined if it does. */
  inputProblem(hash: string, input: Payload | undefined): string | undefined {
    const { inputSchema } = this.#needs.planCache.plan(hash).plan;
    if (inputSchema === null || input?.body?.$case === "blob") return undefined;
    const [problem] = validateInputAgainst(inputSchema, input && jsonOf(input, "input")).violations;
    return problem && `${["input", ...problem.path].join(".")}: ${problem.message}`;
  }

  /** Returns the part of an order that identifies a repeated start, even without its definition. */
  identityOf(spec: RunSpec, { startMs, parent }: Pick<OrderExtras, "startMs" | "parent">): RunOrder {
    return RunOrder.fromPartial({ parent, requestHash: hashOf({ ...spec, input: inputOf(spec) }, startMs) });
  }

  /** Returns the order for one run. Its input has to satisfy the schema. A new id is never repeated. */
  order(
    prepared: PreparedSpec,
    input: Payload | undefined,
    { runId, isRepeatable }: { readonly runId: string; readonly isRepeatable: boolean },
  ): RunOrder {
    const { spec, order, inputSchema, content } = preparedFor(prepared, runId);
    const runInput = input ?? inputOf(spec);
    const read = input ?? content ?? runInput;
    const checkedInput = inputSchema === undefined ? read : requireValidInput(inputSchema, read);
    const isJson =
      checkedInput?.body?.$case === "inline" &&
      (checkedInput.mediaType === "" || checkedInput.mediaType === "application/json");
    return {
      ...order,
      input: isJson && checkedInput?.body?.$case === "inline" ? checkedInput.body.value : noBytes,
      inputPayload: isJson ? undefined : checkedInput,
      requestHash: isRepeatable ? hashOf({ ...spec, input: runInput }, order.startMs) : noBytes,
    };
  }
}

const noBytes = new Uint8Array(0);

/** Selects the version: always the same for the same run, also if the share grows. */
function preparedFor(prepared: PreparedSpec, runId: string): PreparedSpec {
  const { rolledOut, order } = prepared;
  if (rolledOut === undefined) return prepared;
  const bucket = hash("sha256", `${order.definition} ${runId}`, "buffer").readUInt32BE() / 2 ** 32;
  return bucket * 100 < rolledOut.percent ? rolledOut.prepared : prepared;
}

function inputOf({ what, input }: RunSpec): Payload | undefined {
  return (what?.$case === "tasks" ? what.value.input : undefined) ?? input;
}

/** The values that the definition implies. */
type PlannedField = "definition" | "hash" | "versionLabel" | "plan" | "kind" | "parameters";

function commonOf(
  { labels, priority, pool, dueTime, timeoutMs, retentionMs, events, budget, share }: RunSpec,
  { startMs, parent, root, parentClose, idChosen }: OrderExtras,
): Omit<PreparedSpec["order"], "traceparent" | PlannedField> {
  return {
    labels,
    priority,
    pool,
    timeoutMs,
    retentionMs,
    events,
    budget,
    share,
    dueMs: dueTime === undefined ? 0 : fromTimestamp(dueTime),
    startMs,
    parent,
    root,
    parentClose,
    idChosen,
    incarnation: 1,
    firstId: "",
  };
}

/** Returns the plan of tasks that were written for one run: it is part of the order. */
async function planned(
  list: TaskList,
  retry: ConfiguredRetry | undefined,
): Promise<Pick<RunOrder, PlannedField>> {
  const [repeated] = repeatedIds(list);
  if (repeated !== undefined) throw requestErrors.taskRepeated({ task: repeated });
  const bytes = TaskList.encode(list).finish();
  const parts = await checked("tasks", bytes.length, bytes, { plan: true }, retry);
  const { plan } = requireValid(parts, "the tasks");
  if (plan === undefined) throw requestErrors.nothingToRun();
  return {
    definition: "",
    hash: "",
    versionLabel: "",
    parameters: noBytes,
    plan,
    kind: DefinitionKind.DEFINITION_KIND_TASKS,
  };
}

/**
 * Returns the hash of the fields that must be equal for a repeated start. For a definition it has two halves.
 * The second one is the name of the version: another name of the same version is the same start.
 */
function hashOf(spec: RunSpec, startMs: number): Uint8Array {
  if (spec.what?.$case !== "definition") return halfOf(spec, startMs);
  const { name, version } = spec.what.value;
  const what = { $case: "definition", value: { name, version: undefined } } as const;
  return Buffer.concat([
    halfOf({ ...spec, what }, startMs),
    hash("sha256", `${version?.$case} ${version?.value}`, "buffer").subarray(0, 16),
  ]);
}

function halfOf(spec: RunSpec, startMs: number): Buffer {
  // In one step: a hash object for parts costs the garbage collector more.
  const content = Buffer.concat([RunSpec.encode(spec).finish(), Buffer.from(` ${startMs}`)]);
  return hash("sha256", content, "buffer").subarray(0, 16);
}
