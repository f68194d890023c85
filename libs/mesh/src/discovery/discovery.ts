/** A process that serves a service, as far as callers need to know it. */
export interface Instance {
  /** Unique for ever: a restarted process is another instance. */
  readonly id: string;
  /** `registry` */
  readonly service: string;
  /** `host:port`. Empty where it can be called in this process only. */
  readonly address: string;
  /** About to stop: takes no new calls. */
  readonly draining: boolean;
}

/** Who serves what, as far as this process knows. Asked on every call, so it answers from memory. */
export interface Discovery {
  /** The same array until something about the service's instances changes. */
  instancesOf(service: string): readonly Instance[];
  /** Where calls that may go anywhere stay close by, those elsewhere too: for calls that name their instance. */
  everyInstanceOf?(service: string): readonly Instance[];
  /** Calls back after each change of the service's instances. Returns how to stop. */
  watch(service: string, changed: () => void): () => void;
}
