import { describeCrashMatrix } from "./matrix.ts";

/** Only one disk: over NATS a kill takes minutes on two busy cores, so that part runs nightly. */
describeCrashMatrix({ onDisk: 3, overNats: 0 });
