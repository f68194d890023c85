/** The events of a run, line by line: the same lines for the same plan, on every machine. */
export interface Trace {
  readonly isOn: boolean;
  line(text: string): void;
}

export const noTrace: Trace = { isOn: false, line() {} };

export function linesTo(write: (line: string) => void): Trace {
  return { isOn: true, line: write };
}
