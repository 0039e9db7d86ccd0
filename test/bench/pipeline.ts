import { createServer } from 'node:http';
import { noMocks, openAttempts } from '../../shared/calls/attempt.ts';
import { limitStore } from '../../shared/calls/limit-store.ts';
import type { LiveCredential } from '../../shared/connections/credential.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { openNetwork } from '../../shared/core/fetch.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { ok } from '../../shared/core/result.ts';
import { Secret } from '../../shared/core/secret.ts';
import { memoryTable } from '../support/memory-table.ts';

const RUNS = 1_000;

export interface PipelineCosts {
  readonly bareMs: number;
  readonly pipelineMs: number;
  readonly overheadMs: number;
}

/** What a call costs beside its exchange: the medians of a bare fetch and of an attempt through the whole pipeline, with
 *  tables in memory, against a server on this computer; in ms. */
export async function pipelineCosts(): Promise<PipelineCosts> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"id":"c1"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const credential = {
    secrets: { accessToken: new Secret('made-up') },
    generation: 1,
    connection: { account: { id: 'a1' }, mode: 'live' },
  } as unknown as LiveCredential;
  const attempts = openAttempts({
    credentials: { live: async () => ok(credential) },
    limits: limitStore(memoryTable()),
    mocks: noMocks,
    send: openNetwork({ loopback: true }),
    readApp: async () => ({ origins: { 'https://api.demo.invalid': origin } }),
    stage: 'local',
  });
  let tenant = 0;
  const attempt = () =>
    attempts.attempt(
      {
        tenantId: TenantId.parse(`t${tenant++}`), // a limit each
        id: { provider: 'demo', name: 'default' },
        request: { method: 'GET', path: '/contacts/c1' },
        ...{ effect: 'read', timeoutMs: 5_000, lane: 'interactive' },
      },
      realMoment,
    );
  const bare = async () => {
    const answer = await fetch(`${origin}/contacts/c1`, { headers: { authorization: 'Bearer made-up' } });
    return answer.json();
  };
  try {
    const [bareMs = Number.NaN, pipelineMs = Number.NaN] = await medians([bare, attempt]);
    return { bareMs, pipelineMs, overheadMs: pipelineMs - bareMs };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Takes turns, so that each meets the same computer; the first quarter warms up. */
async function medians(works: readonly (() => Promise<unknown>)[]): Promise<number[]> {
  const times = works.map((): number[] => []);
  for (let run = 0; run < RUNS; run++) {
    for (const [at, work] of works.entries()) {
      const began = performance.now();
      await work();
      times[at]?.push(performance.now() - began);
    }
  }
  return times.map((all) => all.slice(RUNS / 4).toSorted((a, b) => a - b)[(RUNS * 3) / 8] ?? Number.NaN);
}
