export { type BrokenRequest, type ContractRefusals, contractRefusals } from "./refusals.ts";
