import { Failure } from "../command/failure.ts";

interface Ways<T> {
  readonly run: () => Promise<T>;
  readonly mission: () => Promise<T>;
}

/**
 * Asks about what has an id, a run or a mission: whoever started something need not know which it is. Where there is neither,
 * what is said is about runs.
 */
export async function runOrMission<T>({ run, mission }: Ways<T>): Promise<T> {
  try {
    return await run();
  } catch (refusal) {
    if (!isMissing(refusal, "workflow.run_missing")) throw refusal;
    try {
      return await mission();
    } catch (other) {
      throw isMissing(other, "mission.mission_missing") ? refusal : other;
    }
  }
}

function isMissing(error: unknown, code: string): boolean {
  return error instanceof Failure && error.code === code;
}
