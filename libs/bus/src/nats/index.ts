export { NatsBus, type NatsBusOptions } from "./nats-bus.ts";
export { defaultStream, eventStream, type StreamOptions } from "./stream.ts";
