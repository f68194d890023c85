/** The subject of an estimate. */
export interface Subject {
  /** The capability, with all further distinctions of the work, such as version and namespace. */
  readonly capability: string;
  /** Empty: any agent. */
  readonly agentId: string;
  /** Size of the input. 0 if unknown. */
  readonly inputBytes: number;
  /**
   * Wider kinds that contain it, the nearest first: this task in any run, this capability in any version,
   * anything. Without observations, the nearest known kind is used. The first observations are weighed
   * against it.
   */
  readonly within?: readonly string[];
  /** Start time. Absent if unknown. */
  readonly timeMs?: number;
  /** The key that its author declared. Absent if none. */
  readonly key?: string;
  /** Number of elements of the input field that the author named. Absent or 0 if unknown. */
  readonly count?: number;
}
