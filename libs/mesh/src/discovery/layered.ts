import type { Discovery, Instance } from "./discovery.ts";

const noInstances: readonly Instance[] = [];

/** Uses the first of several discoveries that knows an instance of the service. */
export class LayeredDiscovery implements Discovery {
  readonly #layers: readonly Discovery[];

  constructor(layers: readonly Discovery[]) {
    this.#layers = layers;
  }

  instancesOf(service: string): readonly Instance[] {
    for (const layer of this.#layers) {
      const instances = layer.instancesOf(service);
      if (instances.length > 0) return instances;
    }
    return noInstances;
  }

  everyInstanceOf(service: string): readonly Instance[] {
    const known = new Map<string, Instance>();
    for (const layer of this.#layers)
      for (const instance of layer.instancesOf(service))
        if (!known.has(instance.id)) known.set(instance.id, instance);
    return [...known.values()];
  }

  watch(service: string, changed: () => void): () => void {
    const stops = this.#layers.map((layer) => layer.watch(service, changed));
    return () => {
      for (const stop of stops) stop();
    };
  }
}
