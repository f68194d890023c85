import { cache } from "@tutti/machine-entities/cache";
import { limit } from "@tutti/machine-limit";
import { object } from "@tutti/machine-object";

/** Machines that runs send messages to. */
export const others = [cache, limit, object];
