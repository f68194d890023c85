/** Handlers about the machines of a service: histories, states, lists, journals, repairs. */
import type { runtimeService } from "@tutti/contracts/runtime/v1";
import type { Handlers } from "@tutti/mesh";
import type { MachineDependencies } from "./dependencies.ts";
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

export function machineHandlers(dependencies: MachineDependencies): Served {
  return {
    getHistory: (request, context) => getHistory(dependencies, request, context),
    watchHistory: (request, context) => watchHistory(dependencies, request, context),
    getState: (request, context) => getState(dependencies, request, context),
    listMachines: (request) => listMachines(dependencies, request),
    readJournal: (request, context) => readJournal(dependencies, request, context),
    listQuarantined: (request) => listQuarantined(dependencies, request),
    repairQuarantined: (request, context) => repairQuarantined(dependencies, request, context),
  };
}
