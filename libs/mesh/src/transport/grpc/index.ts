import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";

export { type Credentials, credentialsOf } from "./credentials.ts";
export { GrpcLink } from "./link.ts";
export { GrpcServer } from "./server.ts";

// What grpc-js writes to the standard error comes to us as an error too, and is told once. Whoever looks into grpc-js
// itself asks for its lines by its own variable.
if (process.env["GRPC_VERBOSITY"] === undefined) setLogVerbosity(logVerbosity.NONE);
