// The used part of opossum, which comes without types.
declare module "opossum" {
  import type { EventEmitter } from "node:events";
  import type Status from "opossum/lib/status.js";

  export interface CircuitState {
    readonly enabled: boolean;
    readonly closed: boolean;
    readonly halfOpen: boolean;
    readonly warmUp: boolean;
    readonly shutdown: boolean;
  }

  export interface CircuitOptions<Arguments extends readonly unknown[]> {
    /** Milliseconds before an action counts as failed. False for no limit. */
    readonly timeout: number | false;
    readonly resetTimeout: number;
    readonly errorThresholdPercentage: number;
    readonly volumeThreshold: number;
    readonly rollingCountTimeout: number;
    readonly rollingCountBuckets: number;
    readonly rollingPercentilesEnabled: boolean;
    readonly enableSnapshots: boolean;
    readonly rotateBucketController: EventEmitter;
    readonly status: Status;
    readonly state?: CircuitState;
    /** True for errors that do not count as failures. */
    errorFilter(error: unknown, ...rest: Arguments): boolean;
  }

  export default class CircuitBreaker<Arguments extends readonly unknown[], Result> {
    constructor(action: (...rest: Arguments) => Promise<Result>, options: CircuitOptions<Arguments>);
    readonly closed: boolean;
    readonly opened: boolean;
    readonly halfOpen: boolean;
    readonly pendingClose: boolean;
    fire(...rest: Arguments): Promise<Result>;
    on(event: "open" | "close" | "halfOpen" | "failure", listener: () => void): this;
    open(): void;
    close(): void;
    shutdown(): void;
  }
}

declare module "opossum/lib/status.js" {
  import type { EventEmitter } from "node:events";

  export interface StatusOptions {
    readonly rollingCountTimeout: number;
    readonly rollingCountBuckets: number;
    readonly rollingPercentilesEnabled: boolean;
    readonly enableSnapshots: boolean;
    readonly rotateBucketController: EventEmitter;
  }

  export default class Status {
    constructor(options: StatusOptions);
    readonly window: { readonly latencyTimes: number[] }[];
    increment(property: string, latencyMs?: number): void;
  }
}
