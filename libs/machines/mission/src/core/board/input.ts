import { type Data, dataOfPayload } from "@tutti/machine-work";
import type { Task } from "../state/state.ts";

/** Returns the input of a task: the computed one, or the one in its specification. Absent for null. */
export function inputOf({
  isInputComputed,
  input,
  spec,
}: Pick<Task, "isInputComputed" | "input" | "spec">): Data | undefined {
  return isInputComputed ? input : dataOfPayload(spec.input);
}
