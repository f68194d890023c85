import { Failure } from "../command/failure.ts";

interface Ways<T> {
  readonly run: () => Promise<T>;
  readonly mission?: (() => Promise<T>) | undefined;
  readonly session?: (() => Promise<T>) | undefined;
}

/** How each kind says that there is none with this id. */
const missing = {
  run: "workflow.run_missing",
  mission: "mission.mission_missing",
  session: "session.missing",
} as const;

/**
 * Asks about a run, a mission or a session by its id: the user need not know which kind it is. If none of them
 * exists, the error is about runs.
 */
export async function whichever<T>(ways: Ways<T>): Promise<T> {
  let first: unknown;
  for (const kind of ["run", "mission", "session"] as const) {
    const ask = ways[kind];
    if (ask === undefined) continue;
    try {
      return await ask();
    } catch (refusal) {
      if (!isMissing(refusal, missing[kind])) throw refusal;
      first ??= refusal;
    }
  }
  throw first;
}

function isMissing(error: unknown, code: string): boolean {
  return error instanceof Failure && error.code === code;
}
