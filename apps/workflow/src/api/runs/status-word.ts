import { type WorkStatus, workStatusToJSON } from "@tutti/contracts/types/v1";

/** How a state is called wherever it stands as a text: `failed`. */
export function statusWord(status: WorkStatus): string {
  return workStatusToJSON(status).replace("WORK_STATUS_", "").toLowerCase();
}
