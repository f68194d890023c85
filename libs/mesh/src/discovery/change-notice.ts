/** Notifies the watchers of a service about changes. */
export class ChangeNotice {
  readonly #watchers = new Map<string, Set<() => void>>();

  watch(service: string, changed: () => void): () => void {
    const watchers = this.#watchers.get(service) ?? new Set();
    this.#watchers.set(service, watchers);
    // A separate function, so that the same callback can watch twice.
    const watcher = () => changed();
    watchers.add(watcher);
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#watchers.get(service) === watchers) this.#watchers.delete(service);
    };
  }

  changed(service: string): void {
    for (const watcher of [...(this.#watchers.get(service) ?? [])]) watcher();
  }
}
