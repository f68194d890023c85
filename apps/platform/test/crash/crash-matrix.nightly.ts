import { describeCrashMatrix } from "./matrix.ts";

describeCrashMatrix({ onDisk: 12, overNats: 8 });
