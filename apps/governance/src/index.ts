export { GovernanceService, governance } from "./service.ts";
