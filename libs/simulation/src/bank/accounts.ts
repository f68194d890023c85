import type { InstanceKey } from "@tutti/kernel";
import { accountKind, bankService } from "@tutti/machine-bank";

export const service = bankService;
const namespace = "default";

export function accountKey(id: string): InstanceKey {
  return { namespace, kind: accountKind, id };
}
