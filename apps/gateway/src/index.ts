export { GatewayService, gateway } from "./service.ts";
