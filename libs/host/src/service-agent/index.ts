export {
  jsonIn,
  ServiceAgent,
  type ServiceAgentRole,
  type TaskRequest,
  taskOf,
  type Work,
} from "./service-agent.ts";
