/** Reads files of workflows and schedules. Everything that it takes is a chunk of its own, loaded for `apply`. */
import { isDeepStrictEqual } from "node:util";
import type { RunSpec } from "@tutti/contracts/workflow/v1";
import {
  checkScheduleText,
  checkText,
  type DefinitionProblem,
  documentsOf,
  isScheduleText,
  isSessionText,
} from "@tutti/definitions";
import { Mapping, schema } from "@tutti/rest/json";
import type { Routes, Schedule } from "@tutti/rest/types";
import type { SourceFile } from "./definition-file.ts";

export type ScheduleBody = Routes["schedules.create"]["body"];

interface AppliedWorkflow {
  readonly kind: "workflow";
  readonly file: SourceFile;
  readonly id: string;
  readonly hash: string;
}

export interface AppliedSchedule {
  readonly kind: "schedule";
  readonly file: SourceFile;
  readonly id: string;
  readonly body: ScheduleBody;
  /** The workflow that it runs. */
  readonly workflow: { readonly name: string; readonly label?: string; readonly hash?: string };
  /** Whether the file says if the schedule is paused. */
  readonly setsPaused: boolean;
}

export type Applied = AppliedWorkflow | AppliedSchedule;

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
    const body = mapping.message(scheduleType, { ...schedule }) as unknown as ScheduleBody;
    const { scheduleId: id, run } = schedule;
    const workflow = workflowOf(run);
    return { problems, applied: { kind: "schedule", file, id, body, workflow, setsPaused } };
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

const scheduleType = "tutti.workflow.v1.Schedule";
const mapping = new Mapping(schema);

/** The fields of a schedule that a file sets, whether or not it names them. */
const setFields = ["description", "timing", "run", "policy", "labels"] as const;

/** Returns the schedule that `update` takes, which replaces each field that a file sets. */
export function changesOf(body: ScheduleBody): ScheduleBody {
  return { ...{ description: "", labels: {}, policy: {} }, ...body };
}

/** Returns whether a schedule of the platform is as the file describes it. */
export function isAsApplied(found: Schedule, { body, setsPaused }: AppliedSchedule): boolean {
  if (setsPaused && (found.paused ?? false) !== (body.paused ?? false)) return false;
  // Read and written again, so that what is empty is the same on both sides.
  const plain = (schedule: object) => {
    const picked = Object.fromEntries(
      Object.entries(schedule).filter(([field]) => (setFields as readonly string[]).includes(field)),
    );
    const { scheduleId } = body;
    return mapping.message(scheduleType, mapping.read(scheduleType, { scheduleId, ...picked }));
  };
  return isDeepStrictEqual(plain({ policy: {}, ...found }), plain({ policy: {}, ...body }));
}
