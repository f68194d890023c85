export { MasterService, master } from "./service.ts";
