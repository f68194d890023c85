/** What became durable of a mission, with the command that it came of, where somebody gave one. */
export interface ReadEvent {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: each event has a body of its own, read by its name
  readonly body: any;
  readonly timeMs: number;
  /** Undefined for what a mission does by itself, for letters, and for what agents of pools say. */
  readonly command: ReadCommand | undefined;
  /**
   * What the agent of a pool says to have used up, where its end is what this tells of. Undefined where that is not
   * known.
   */
  readonly saidUsed?: object | undefined;
}

export interface ReadCommand {
  /** Names it among all. */
  readonly number: number;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly body: any;
}

export type Find = (problem: string) => void;
