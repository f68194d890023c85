import { cache } from "@tutti/machine-entities/cache";
import { limit } from "@tutti/machine-limit";

/** Machines that runs write letters to. */
export const others = [cache, limit];
