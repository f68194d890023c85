/** Reads the file of a session. A separate chunk, loaded when a session is read. */
import { checkSessionText, type DefinitionProblem, isSessionText } from "@tutti/definitions";
import { Mapping, schema } from "@tutti/rest/json";
import type { Routes } from "@tutti/rest/types";
import { type Json, merged } from "../command/input.ts";
import type { SourceFile } from "./definition-file.ts";

export { isSessionText };

type SessionBody = Routes["sessions.start"]["body"];

export interface CheckedSession {
  readonly problems: readonly DefinitionProblem[];
  /** Body of the start over REST. Undefined if the file has an error. */
  readonly body: SessionBody | undefined;
}

/** @param input overrides the input of the file */
export function checkSession(file: SourceFile, input?: Json): CheckedSession {
  const { problems, spec } = checkSessionText(file);
  if (spec === undefined) return { problems, body: undefined };
  // The messages of the contracts in their REST form.
  const body: SessionBody = new Mapping(schema).message("tutti.session.v1.SessionSpec", { ...spec });
  return { problems, body: input === undefined ? body : withInput(body, input) };
}

function withInput(body: SessionBody, input: Json): SessionBody {
  const over = (withInputOf: unknown): Json => merged((withInputOf ?? {}) as Json, input);
  if (body.tasks !== undefined) return { ...body, tasks: { ...body.tasks, input: over(body.tasks.input) } };
  if (body.goal !== undefined) return { ...body, goal: { ...body.goal, input: over(body.goal.input) } };
  if (body.definition === undefined) return body;
  return { ...body, definition: { ...body.definition, input: over(body.definition.input) } };
}
