export { governanceSection } from "./configuration.ts";
export { GovernanceService, governance } from "./service.ts";
