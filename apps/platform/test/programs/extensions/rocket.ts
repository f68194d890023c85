import { type Component, type Foundation, Orchestrator } from "@tutti/kernel";

/** Its third stage of five does not start. */
export default class Rocket extends Orchestrator {
  constructor(foundation: Foundation) {
    super("rocket", foundation);
    for (const name of ["first", "second", "third", "fourth", "fifth"])
      this.register(name, this.#stage(name));
  }

  #stage(name: string): Component {
    return {
      start: () => {
        if (name === "third") throw new Error("no spark");
        this.logger.info("stage starts", { stage: name });
      },
      stop: () => this.logger.info("stage stops", { stage: name }),
    };
  }
}
