export { abandonedType } from "./delivery/abandoned.ts";
export type { BusPorts } from "./delivery/ports.ts";
export { busErrors } from "./errors.ts";
export { type CloudEventJson, cloudEventOf } from "./event/cloud-event.ts";
export { type ContractEventOptions, contractEvent, systemNamespace } from "./event/contract-event.ts";
export { type BusEvent, checkedEvent, dataBytesMax, type EventInput, isPostedType } from "./event/event.ts";
export { isOwnType } from "./event/own-type.ts";
export { allNamespaces, type Interest, isPattern, matcherOf, subjectOf } from "./event/pattern.ts";
export { type Position, placeOf } from "./event/position.ts";
export type { Retention } from "./memory/log.ts";
export { MemoryBus, type MemoryBusOptions } from "./memory/memory-bus.ts";
export { EventOutlet, type EventOutletOptions } from "./outlet/event-outlet.ts";
export type {
  Bus,
  Delivery,
  Gap,
  Handle,
  PublishOptions,
  Start,
  SubscribeOptions,
  Subscription,
} from "./port.ts";
