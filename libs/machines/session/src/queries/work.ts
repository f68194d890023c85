/** All that whoever works for a session has to know of it: its tasks by number, where they are, and how they stand. */
import type { Query } from "@tutti/kernel";
import { sessionErrors } from "../errors.ts";
import type { Session, SessionView } from "../state.ts";

export const showWork: Query<Session, undefined, SessionView> = {
  type: "session_work",
  answer: (session, _, { key }) =>
    session.order === undefined ? sessionErrors.missing.refusal({ id: key.id }) : session,
};
