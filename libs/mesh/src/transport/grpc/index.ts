export { type Credentials, credentialsOf } from "./credentials.ts";
export { GrpcLink } from "./link.ts";
export { GrpcServer } from "./server.ts";
