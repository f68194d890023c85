/** What is answered about the machines of a service: histories, states, lists, journals, repairs. */
import type { runtimeService } from "@tutti/contracts/runtime/v1";
import type { Handlers } from "@tutti/mesh";
import type { MachineDesk } from "./desk.ts";
import { getHistory, getState, watchHistory } from "./history.ts";
import { readJournal } from "./journal.ts";
import { listMachines } from "./list.ts";
import { listQuarantined, repairQuarantined } from "./quarantine.ts";

type Served = Pick<
  Handlers<typeof runtimeService>,
  | "getHistory"
  | "watchHistory"
  | "getState"
  | "listMachines"
  | "readJournal"
  | "listQuarantined"
  | "repairQuarantined"
>;

export function machineHandlers(desk: MachineDesk): Served {
  return {
    getHistory: (request, context) => getHistory(desk, request, context),
    watchHistory: (request, context) => watchHistory(desk, request, context),
    getState: (request, context) => getState(desk, request, context),
    listMachines: (request) => listMachines(desk, request),
    readJournal: (request, context) => readJournal(desk, request, context),
    listQuarantined: (request) => listQuarantined(desk, request),
    repairQuarantined: (request, context) => repairQuarantined(desk, request, context),
  };
}
