import { Failure } from "../command/failure.ts";

interface Handlers<T> {
  readonly run: () => Promise<T>;
  readonly mission?: (() => Promise<T>) | undefined;
  readonly session?: (() => Promise<T>) | undefined;
}

/** Error code of each kind for a missing id. */
export const missingCodes = {
  run: "workflow.run_missing",
  mission: "mission.mission_missing",
  session: "session.missing",
} as const;

/**
 * Calls the run, mission or session with an id, so that the user need not know the kind. If none exists, the error is
 * about runs.
 */
export async function whichever<T>(handlers: Handlers<T>): Promise<T> {
  let first: unknown;
  for (const kind of ["run", "mission", "session"] as const) {
    const handler = handlers[kind];
    if (handler === undefined) continue;
    try {
      return await handler();
    } catch (refusal) {
      if (!isMissing(refusal, missingCodes[kind])) throw refusal;
      first ??= refusal;
    }
  }
  throw first;
}

function isMissing(error: unknown, code: string): boolean {
  return error instanceof Failure && error.code === code;
}
