export { ledgerKey, masterService, operations, reservationOf } from "./operations.ts";
