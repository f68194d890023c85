import { type Data, dataOfPayload } from "@tutti/machine-work";
import type { Task } from "../state/state.ts";

/** What a task works on: what was computed, or what its specification says. Absent for null. */
export function inputOf({
  isInputComputed,
  input,
  spec,
}: Pick<Task, "isInputComputed" | "input" | "spec">): Data | undefined {
  return isInputComputed ? input : dataOfPayload(spec.input);
}
