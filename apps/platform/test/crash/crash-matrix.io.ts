import { describeCrashMatrix } from "./matrix.ts";

/** One disk alone: over NATS a kill takes minutes on two busy cores, and runs nightly. */
describeCrashMatrix({ onDisk: 3, overNats: 0 });
