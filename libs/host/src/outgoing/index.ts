export { urlProblem } from "./addresses.ts";
export { callOut, type OutgoingCall } from "./call.ts";
export { outgoingErrors } from "./errors.ts";
export { signedHeaders, signingHeaders } from "./signing.ts";
