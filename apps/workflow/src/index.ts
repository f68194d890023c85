export { WorkflowService, workflow } from "./service.ts";
