/** A piece of work and a task in it, also as UTF-8. */
export interface TaskName {
  readonly id: string;
  readonly task: string;
  readonly idBytes: Uint8Array;
  readonly taskBytes: Uint8Array;
}
