/** For tests of other packages. */
export { PushAgent } from "../a2a/push/push-agent.ts";
