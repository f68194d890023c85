/** Support for running NATS servers on this machine. */
export { isComplete } from "./group-view.ts";
export { freePort, freePorts, isPortFree } from "./ports.ts";
