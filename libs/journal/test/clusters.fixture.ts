/**
 * Both races on a cluster of three servers, for a given number of rounds: a few hundred in tests, thousands in the
 * program.
 */
import { startNatsCluster } from "@tutti/nats/testing";
import { serverConfiguration } from "./jetstream.fixture.ts";
import { type RaceResult, race } from "./jetstream-race.fixture.ts";
import { type ArchiveRaceResult, archiveRace } from "./objects-race.fixture.ts";

const partitions = 4;

/** Two owners of partitions of a journal, at R3. */
export async function raceForJournals(rounds: number, seed: number): Promise<RaceResult> {
  await using cluster = await startNatsCluster({ configuration: serverConfiguration });
  const servers = cluster.map((server) => server.address);
  const trouble = { stepDownMs: 400, cutMs: 400 };
  const roundsEach = Math.ceil(rounds / partitions);
  return await race({ servers, replicas: 3, partitions, longRounds: 15, trouble, seed, roundsEach });
}

/** Two owners of a partition's archive, at R3. */
export async function raceForArchives(rounds: number, seed: number): Promise<ArchiveRaceResult> {
  await using cluster = await startNatsCluster({ configuration: serverConfiguration });
  const servers = cluster.map((server) => server.address);
  return await archiveRace({ servers, replicas: 3, rounds, seed, stepDownMs: 500, cutMs: 400 });
}
