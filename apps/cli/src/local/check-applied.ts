/** Reads files of workflows, schedules and triggers. Everything that it takes is a chunk of its own, loaded for `apply`. */
import { isDeepStrictEqual } from "node:util";
import type { RunSpec } from "@tutti/contracts/workflow/v1";
import {
  checkScheduleText,
  checkText,
  checkTriggerText,
  type DefinitionProblem,
  documentsOf,
  isScheduleText,
  isSessionText,
  isTriggerText,
} from "@tutti/definitions";
import { Mapping, schema } from "@tutti/rest/json";
import type { Routes, Schedule, Trigger } from "@tutti/rest/types";
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
  /** Whether the file says if it is paused. */
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

export type Applied = AppliedWorkflow | AppliedSchedule | AppliedTrigger;

export interface CheckedDocument {
  readonly problems: readonly DefinitionProblem[];
  /** Undefined if there is an error among the problems. */
  readonly applied: Applied | undefined;
}

/** Every document of a file, checked. */
export function checkDocuments(file: SourceFile): readonly CheckedDocument[] {
  const documents = documentsOf(file);
  if (documents.length === 0) return [{ problems: [wrong(file, "the file is empty")], applied: undefined }];
  return documents.map((document) => checkDocument({ ...file, ...document }));
}

function checkDocument(file: SourceFile): CheckedDocument {
  if (isSessionText(file)) {
    const message = "a session is started, not applied: use `tutti session start`";
    return { problems: [wrong(file, message)], applied: undefined };
  }
  if (isScheduleText(file)) {
    const { problems, schedule, setsPaused } = checkScheduleText(file);
    if (schedule === undefined) return { problems, applied: undefined };
    // The message of the contracts as REST has it.
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

/** The fields that a file sets, whether or not it names them, each with what it is when the file does not. */
const setFields = {
  schedule: { description: "", timing: {}, run: {}, policy: {}, labels: {} },
  trigger: {
    ...{ description: "", source: {}, condition: "", key: "", windowMs: 0, run: {}, runId: "" },
    ...{ policy: {}, labels: {} },
  },
} as const;

/** Returns the schedule that `update` takes, which replaces each field that a file sets. */
export function changesOf(body: ScheduleBody): ScheduleBody {
  return { ...{ description: "", labels: {}, policy: {} }, ...body };
}

/** Returns the trigger that `update` takes, which replaces each field that a file sets. */
export function triggerChangesOf(body: TriggerBody): TriggerBody {
  const { windowMs = 0, with: given = null } = body;
  return {
    ...{ description: "", condition: "", key: "", runId: "", labels: {}, policy: {} },
    ...body,
    windowMs,
    with: given,
  };
}

/** Returns whether a schedule or trigger of the platform is as the file describes it. */
export function isAsApplied(found: Schedule | Trigger, applied: AppliedSchedule | AppliedTrigger): boolean {
  const { body, setsPaused, kind } = applied;
  if (setsPaused && (found.paused ?? false) !== (body.paused ?? false)) return false;
  const id = applied.kind === "schedule" ? { scheduleId: applied.id } : { triggerId: applied.id };
  // Read and written again, so that what is empty is the same on both sides.
  const plain = (resource: object) => {
    const picked = Object.fromEntries(
      Object.entries(resource).filter(([field]) => field in setFields[kind] || field === "with"),
    );
    return mapping.message(types[kind], mapping.read(types[kind], { ...id, ...picked }));
  };
  return isDeepStrictEqual(plain({ policy: {}, ...found }), plain({ policy: {}, ...body }));
}
