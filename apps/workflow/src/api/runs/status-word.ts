import { enumName } from "@tutti/contracts/enum";
import { WorkStatus } from "@tutti/contracts/types/v1";

/** The name of a state in texts: `failed`. */
export function statusName(status: WorkStatus): string {
  return enumName(WorkStatus, status).replace("WORK_STATUS_", "").toLowerCase();
}
