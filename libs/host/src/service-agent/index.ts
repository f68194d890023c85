export {
  jsonIn,
  ServiceAgent,
  type ServiceAgentRole,
  type TaskWanted,
  taskOf,
  type Work,
} from "./service-agent.ts";
