export { keyedRoutes } from "../generated/keyed.ts";
export { routeNamed } from "../routes/routes.ts";
export { type CallParts, Client, type ClientOptions, type StreamName } from "./client.ts";
export { type ServerEvent, serverEvents } from "./event-lines.ts";
export type { Answer, Fetching, FetchingParts } from "./fetching.ts";
export { RestError, strangeAnswer, type WrongField } from "./problem-error.ts";
export type { ConnectionState, Followed, FollowOptions } from "./stream.ts";
export type { ClientTime } from "./time.ts";
