export { addressesOfHost, isInner, urlProblem } from "./addresses.ts";
export { callOut, type OutgoingCall, statusOfCall } from "./call.ts";
export { outgoingErrors } from "./errors.ts";
export { isSignedBy, signedHeaders, signingHeaders } from "./signing.ts";
