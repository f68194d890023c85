/**
 * A pipeline as a list of named steps: the start of a service, or the processing of every request. Until it is
 * composed, the list can be read and extended, and its steps replaced.
 */
import { lifecycleErrors } from "../errors.ts";
import { stepProblem, withContracts } from "./contract.ts";
import { type Dependent, inDependencyOrder, refuseCycles } from "./dependency-order.ts";
import { composeObserved, composeSteps, type Naming, type StepObserver } from "./pipeline.ts";
import type { Next, Step, StepScope } from "./step.ts";

export interface StepListing {
  readonly name: string;
  readonly scope: StepScope;
  readonly dependsOn: readonly string[];
}

interface Entry<Input, Output> extends Dependent {
  readonly step: Step<Input, Output>;
}

export class StepRegistry<Input, Output> {
  readonly pipeline: string;
  #entries: Entry<Input, Output>[] = [];
  #sealed = false;

  constructor(pipeline: string) {
    this.pipeline = pipeline;
  }

  /** Adds a step at the end. */
  register(step: Step<Input, Output>): this {
    return this.#change(step, [...this.#entries, this.#entryOf(step)]);
  }

  /** Replaces the step with this name. Steps that depend on it still do. */
  replace(name: string, step: Step<Input, Output>): this {
    const newEntry = this.#entryOf(step);
    const index = this.#indexOf(name, "replace");
    const renamed = this.#entries.map<Entry<Input, Output>>((entry) => ({
      ...entry,
      dependsOn: entry.dependsOn.map((dependency) => (dependency === name ? step.name : dependency)),
    }));
    return this.#change(step, renamed.with(index, newEntry));
  }

  /** Adds a step that runs before the one with this name, wherever the dependencies place that one. */
  insertBefore(name: string, step: Step<Input, Output>): this {
    const newEntry = this.#entryOf(step);
    const index = this.#indexOf(name, "insertBefore");
    const later = this.#entries.map((entry) =>
      entry.name === name ? { ...entry, dependsOn: [...entry.dependsOn, step.name] } : entry,
    );
    return this.#change(step, later.toSpliced(index, 0, newEntry));
  }

  /** Adds a step that runs after the one with this name, wherever the dependencies place that one. */
  insertAfter(name: string, step: Step<Input, Output>): this {
    const index = this.#indexOf(name, "insertAfter");
    const { dependsOn, ...entry } = this.#entryOf(step);
    const after = { ...entry, dependsOn: [...dependsOn, name] };
    return this.#change(step, this.#entries.toSpliced(index + 1, 0, after));
  }

  has(name: string): boolean {
    return this.#entries.some((entry) => entry.name === name);
  }

  /** Returns the steps for display: in the order in which they run, or as declared while a dependency is missing. */
  describe(): StepListing[] {
    const complete = this.#entries.every(({ dependsOn }) => dependsOn.every((name) => this.has(name)));
    const entries = complete ? inDependencyOrder(this.pipeline, this.#entries) : this.#entries;
    return entries.map(({ name, dependsOn, step: { scope } }) => ({ name, scope, dependsOn }));
  }

  /** Returns the steps in the order in which they run. Refuses unknown dependencies. Cycles were refused before. */
  list(): Step<Input, Output>[] {
    return inDependencyOrder(this.pipeline, this.#entries).map(({ step }) => step);
  }

  /**
   * Composes the pipeline into one function, with `last` at its end. It costs no more than its steps and reports
   * nothing: for the hottest paths. Seals the list.
   */
  compose(last: Next<Input, Output>): Next<Input, Output> {
    return composeSteps(this.seal(), last);
  }

  /** Composes the pipeline into one function that times each step and names the step in its errors. Seals the list. */
  composeObserved(
    last: Next<Input, Output>,
    observer: StepObserver,
    naming: Naming = "all",
  ): Next<Input, Output> {
    return composeObserved(this.pipeline, this.seal(), last, { observer, naming });
  }

  /** Seals and returns the list: later changes are refused, because they would have no effect. */
  seal(): Step<Input, Output>[] {
    const steps = this.list();
    this.#sealed = true;
    return steps.map((step) => withContracts(this.pipeline, step));
  }

  #change(step: Step<Input, Output>, entries: Entry<Input, Output>[]): this {
    const { pipeline } = this;
    if (this.#sealed) throw lifecycleErrors.pipelineSealed({ pipeline, step: step.name });
    if (entries.filter(({ name }) => name === step.name).length > 1) {
      throw lifecycleErrors.stepTwice({ pipeline, step: step.name });
    }
    refuseCycles(pipeline, entries);
    this.#entries = entries;
    return this;
  }

  #entryOf(step: Step<Input, Output>): Entry<Input, Output> {
    const problem = stepProblem(step);
    if (problem !== undefined)
      throw lifecycleErrors.stepInvalid({ pipeline: this.pipeline, step: String(step?.name), problem });
    return { name: step.name, dependsOn: step.dependsOn ?? [], step };
  }

  #indexOf(name: string, requiredBy: string): number {
    const index = this.#entries.findIndex((entry) => entry.name === name);
    if (index >= 0) return index;
    const known = this.#entries.map((entry) => entry.name);
    throw lifecycleErrors.stepUnknown({ pipeline: this.pipeline, step: name, requiredBy, known });
  }
}
