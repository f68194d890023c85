import { journalConformance } from "@tutti/journal/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { jetstreamUnderTest } from "./jetstream.fixture.ts";

const { skip } = await natsServerProgram();

journalConformance(jetstreamUnderTest("JetStream", skip));
