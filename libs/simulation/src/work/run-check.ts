/** A task of a run ends once, and its attempts are counted one by one. A run that has ended emits nothing more. */
export class RunCheck {
  readonly findings: string[] = [];
  isOver = false;
  readonly #over = new Map<number, string>();
  readonly #attempts = new Map<number, number>();

  // biome-ignore lint/suspicious/noExplicitAny: each event has a body of its own, read by its name
  event(type: string, body: any): void {
    if (this.isOver && !afterwards.has(type)) this.findings.push(`${type} happens after its end`);
    if (ends.has(type)) this.#end(type, body.node);
    else if (type === "task_queued" || type === "child_queued") this.#start(body);
    else if (lasts.has(type)) this.isOver = true;
  }

  #end(type: string, node: number): void {
    const before = this.#over.get(node);
    if (before !== undefined) this.findings.push(`${type} of task ${node} after ${before}`);
    this.#over.set(node, type);
  }

  #start({ node, attempt }: { readonly node: number; readonly attempt: number }): void {
    const before = this.#attempts.get(node) ?? 0;
    if (this.#over.has(node)) this.findings.push(`task ${node} starts after its end`);
    if (attempt !== before + 1) this.findings.push(`task ${node} starts attempt ${attempt} after ${before}`);
    this.#attempts.set(node, attempt);
  }
}

const ends = new Set(["task_completed", "task_failed", "task_skipped", "task_cancelled"]);
const lasts = new Set(["run_completed", "run_failed", "run_cancelled", "run_terminated", "run_withdrawn"]);
const afterwards = new Set(["run_removed"]);
