/** What an estimate is about. */
export interface Subject {
  /** The capability, with all further distinctions of the work: its version, its namespace. */
  readonly capability: string;
  /** Empty: any agent. */
  readonly agentId: string;
  /** Size of the input. 0 where it is not known. */
  readonly inputBytes: number;
  /**
   * Wider kinds it is one of, the nearest first: this task in any run, this capability in any version, anything. As
   * long as nothing was seen of it the nearest that is known speaks for it, and what is seen of it first is weighed
   * against that.
   */
  readonly within?: readonly string[];
  /** When it starts. Absent where that is not known. */
  readonly timeMs?: number;
  /** What its author says that it depends on. Absent where the author says nothing. */
  readonly key?: string;
  /** How many elements the input has of what its author names. Absent or 0 where that is not known. */
  readonly count?: number;
}
