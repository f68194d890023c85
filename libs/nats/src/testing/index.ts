export { freePort, freePorts } from "../local/ports.ts";
export { connectionTo, testSettings } from "./connection.ts";
export { type Greeter, startGreeter } from "./greeter.ts";
export {
  type NatsCluster,
  type NatsServer,
  type NatsServerOptions,
  startNatsCluster,
  startNatsServer,
} from "./nats-server.ts";
export { type NatsServerProgram, natsServerProgram } from "./program.ts";
export { type NatsAccount, natsAccount, type SharedNats, startSharedNats } from "./shared-nats.ts";
