export { operations, tenantKey } from "./operations.ts";
