import { describeLostWorkers } from "./lost-workers.ts";

describeLostWorkers(2);
