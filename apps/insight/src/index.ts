export { InsightService, insight } from "./service.ts";
