export { SwarmService, swarm } from "./service.ts";
