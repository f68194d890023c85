/** A process that serves a service, with the data that callers need. */
export interface Instance {
  /** Unique for ever: a restarted process is another instance. */
  readonly id: string;
  /** `registry` */
  readonly service: string;
  /** `host:port`. Empty if only this process can call it. */
  readonly address: string;
  /** About to stop: accepts no new calls. */
  readonly draining: boolean;
}

/** Known instances of services. Read on every call, so it answers from memory. */
export interface Discovery {
  /** Returns the same array until something about the service's instances changes. */
  instancesOf(service: string): readonly Instance[];
  /**
   * If calls to any instance are routed to near ones, this includes distant ones: for calls that name their instance.
   */
  everyInstanceOf?(service: string): readonly Instance[];
  /** Calls back after each change of the service's instances. Returns a function that stops that. */
  watch(service: string, changed: () => void): () => void;
}
