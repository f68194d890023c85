import { enumName } from "@tutti/contracts/enum";
import { WorkStatus } from "@tutti/contracts/types/v1";

/** How a state is called wherever it stands as a text: `failed`. */
export function statusWord(status: WorkStatus): string {
  return enumName(WorkStatus, status).replace("WORK_STATUS_", "").toLowerCase();
}
