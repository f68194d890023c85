import { describeCrashMatrix } from "./matrix.ts";

describeCrashMatrix({ onDisk: 3, overNats: 2 });
