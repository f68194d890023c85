/** Reads files of workflows, schedules, triggers and resources of the platform. A separate chunk, loaded for `apply`. */
import { isDeepStrictEqual } from "node:util";
import type { RunSpec } from "@tutti/contracts/workflow/v1";
import {
  type AdapterDocument,
  checkAdapterText,
  checkScheduleText,
  checkText,
  checkTriggerText,
  type DefinitionProblem,
  type DefinitionText,
  documentsOf,
  isAdapterText,
  isScheduleText,
  isSessionText,
  isSourceText,
  isTriggerText,
  isWorkflowText,
  printDefinition,
} from "@tutti/definitions";
import { differencesOf } from "@tutti/definitions/differences";
import { Mapping, schema } from "@tutti/rest/json";
import type { Routes, Schedule, Trigger } from "@tutti/rest/types";
import {
  checkResource,
  checkVariantText,
  type DescribedResource,
  type DescribedVariant,
  isInPool,
  isVariantText,
  type ResourceKindName,
  resourceKindOf,
} from "@tutti/validation";
import type { SourceFile } from "./definition-file.ts";

export type ScheduleBody = Routes["schedules.create"]["body"];
export type TriggerBody = Routes["triggers.create"]["body"];

interface AppliedWorkflow {
  readonly kind: "workflow";
  readonly file: SourceFile;
  readonly id: string;
  readonly hash: string;
}

interface AppliedResource {
  readonly file: SourceFile;
  readonly id: string;
  /** The workflow that it runs. */
  readonly workflow: { readonly name: string; readonly label?: string; readonly hash?: string };
  /** Whether the file sets if it is paused. */
  readonly setsPaused: boolean;
}

export interface AppliedSchedule extends AppliedResource {
  readonly kind: "schedule";
  readonly body: ScheduleBody;
}

export interface AppliedTrigger extends AppliedResource {
  readonly kind: "trigger";
  readonly body: TriggerBody;
}

/** A described resource, such as a pool or a role. */
export interface AppliedDescribed {
  readonly kind: ResourceKindName;
  readonly file: SourceFile;
  /** The id. For scalers, hooks and inboxes it starts with the pool, in which their ids are unique. */
  readonly id: string;
  readonly resource: DescribedResource;
}

export interface AppliedVariant {
  readonly kind: "variant";
  readonly file: SourceFile;
  readonly id: string;
  readonly variant: DescribedVariant;
}

export interface AppliedAdapter {
  readonly kind: "adapter";
  readonly file: SourceFile;
  /** The id, which starts with the pool as for a scaler. */
  readonly id: string;
  readonly adapter: AdapterDocument;
}

export type Applied =
  | AppliedWorkflow
  | AppliedVariant
  | AppliedSchedule
  | AppliedTrigger
  | AppliedDescribed
  | AppliedAdapter;

/** Returns the id that is unique within a kind of resources. */
export function describedId(
  kind: ResourceKindName,
  id: string,
  spec: Readonly<Record<string, unknown>>,
): string {
  return isInPool(kind) ? `${String(spec["pool"] ?? "default")}/${id}` : id;
}

export interface CheckedDocument {
  readonly problems: readonly DefinitionProblem[];
  /** Undefined if there is an error among the problems. */
  readonly applied: Applied | undefined;
}

/** Checks every document of a file. */
export function checkDocuments(file: SourceFile): readonly CheckedDocument[] {
  const documents = documentsOf(file);
  if (documents.length === 0) return [{ problems: [wrong(file, "the file is empty")], applied: undefined }];
  return documents.map((document) => checkDocument({ ...file, ...document }));
}

/** Whether a file describes a resource of the platform, even with errors. JSON files may belong to other programs. */
export function describesSomething(file: SourceFile): boolean {
  return documentsOf(file).some((document) => {
    const combined = { ...file, ...document };
    return (
      [isWorkflowText, isSessionText, isScheduleText, isTriggerText, isVariantText, isAdapterText].some(
        (is) => is(combined),
      ) || resourceKindOf(combined) !== undefined
    );
  });
}

function checkDocument(file: SourceFile): CheckedDocument {
  if (isSessionText(file)) {
    const message = "a session is started, not applied: use `tutti session start`";
    return { problems: [wrong(file, message)], applied: undefined };
  }
  if (isSourceText(file)) {
    const message = "a source runs in a process of yours, it is not applied: use `tutti source run`";
    return { problems: [wrong(file, message)], applied: undefined };
  }
  if (isScheduleText(file)) {
    const { problems, schedule, setsPaused } = checkScheduleText(file);
    if (schedule === undefined) return { problems, applied: undefined };
    // The message of the contracts in its REST form.
    const body = mapping.message(types.schedule, { ...schedule }) as unknown as ScheduleBody;
    const { scheduleId: id, run } = schedule;
    const workflow = workflowOf(run);
    return { problems, applied: { kind: "schedule", file, id, body, workflow, setsPaused } };
  }
  if (isTriggerText(file)) {
    const { problems, trigger, setsPaused } = checkTriggerText(file);
    if (trigger === undefined) return { problems, applied: undefined };
    const body = mapping.message(types.trigger, { ...trigger }) as unknown as TriggerBody;
    const workflow = workflowOf(trigger.run);
    return {
      problems,
      applied: { kind: "trigger", file, id: trigger.triggerId, body, workflow, setsPaused },
    };
  }
  const kind = resourceKindOf(file);
  if (kind !== undefined) {
    const { problems, resource } = checkResource(file, kind);
    if (resource === undefined) return { problems, applied: undefined };
    const id = describedId(kind, resource.id, resource.spec);
    return { problems, applied: { kind, file, id, resource } };
  }
  if (isAdapterText(file)) {
    const { problems, adapter } = checkAdapterText(file);
    const id = describedId("scaler", adapter?.adapter ?? "", { ...adapter });
    return { problems, applied: adapter && { kind: "adapter", file, id, adapter } };
  }
  if (isVariantText(file)) {
    const { problems, variant } = checkVariantText(file);
    const applied = variant && ({ kind: "variant", file, id: variant.id, variant } as const);
    return { problems, applied };
  }
  const { problems, definition } = checkText(file);
  if (definition === undefined) return { problems, applied: undefined };
  const { hash, document } = definition;
  return { problems, applied: { kind: "workflow", file, id: document.workflow, hash } };
}

function workflowOf(run: RunSpec | undefined): AppliedSchedule["workflow"] {
  if (run?.what?.$case !== "definition") return { name: "" };
  const { name, version } = run.what.value;
  return { name, ...(version === undefined ? {} : { [version.$case]: version.value }) };
}

function wrong({ fileName, linesBefore = 0 }: SourceFile, message: string): DefinitionProblem {
  const place = { fileName, line: linesBefore + 1, column: 1, path: "" };
  return { severity: "error", code: "not_applied", ...place, message, expected: "" };
}

const types = { schedule: "tutti.workflow.v1.Schedule", trigger: "tutti.workflow.v1.Trigger" } as const;
const mapping = new Mapping(schema);

/** All fields that a file sets, each with its default. */
const setFields = {
  schedule: { description: "", timing: {}, run: {}, policy: {}, labels: {} },
  trigger: {
    description: "",
    source: {},
    condition: "",
    key: "",
    windowMs: 0,
    run: {},
    runId: "",
    policy: {},
    labels: {},
  },
} as const;

/** Returns the schedule for `update`, which replaces each field that a file sets. */
export function changesOf(body: ScheduleBody): ScheduleBody {
  return { description: "", labels: {}, policy: {}, ...body };
}

/** Returns the trigger for `update`, which replaces each field that a file sets. */
export function triggerChangesOf(body: TriggerBody): TriggerBody {
  const { windowMs = 0, with: input = null } = body;
  return {
    description: "",
    condition: "",
    key: "",
    runId: "",
    labels: {},
    policy: {},
    ...body,
    windowMs,
    with: input,
  };
}

/** Returns the part of a schedule or trigger that a file can describe, normalized so that empty fields are equal. */
export function plainOf(
  kind: "schedule" | "trigger",
  resource: Schedule | Trigger | ScheduleBody | TriggerBody,
) {
  const picked = Object.fromEntries(
    Object.entries({ policy: {}, ...resource }).filter(
      ([field]) => field in setFields[kind] || field === "with",
    ),
  );
  const id = kind === "schedule" ? { scheduleId: "id" } : { triggerId: "id" };
  const {
    scheduleId: _,
    triggerId: __,
    ...plain
  } = mapping.message(types[kind], mapping.read(types[kind], { ...id, ...picked }));
  return plain;
}

/** Returns whether a schedule or trigger of the platform matches the file. */
export function isAsApplied(found: Schedule | Trigger, applied: AppliedSchedule | AppliedTrigger): boolean {
  const { body, setsPaused, kind } = applied;
  if (setsPaused && (found.paused ?? false) !== (body.paused ?? false)) return false;
  return isDeepStrictEqual(plainOf(kind, found), plainOf(kind, body));
}

/** Returns the fields in which a schedule or trigger of the platform differs from the file that was written for it. */
export function omittedFields(
  found: Schedule | Trigger,
  applied: AppliedSchedule | AppliedTrigger,
): string[] {
  const { body, kind } = applied;
  return differencesOf(plainOf(kind, found), plainOf(kind, body)).map(({ path }) => path);
}

/** Returns the definition of a text as JSON. Undefined if the text has an error. */
export function documentIn(source: DefinitionText): Readonly<Record<string, unknown>> | undefined {
  const { definition } = checkText(source);
  if (definition === undefined) return undefined;
  return JSON.parse(printDefinition(definition.document, "json")) as Readonly<Record<string, unknown>>;
}
