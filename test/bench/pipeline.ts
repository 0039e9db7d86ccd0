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

/** What a call costs beside its exchange: the medians of a bare fetch and of an attempt through the whole pipeline, with
 *  tables in memory, against a server on this computer; in ms. */
export async function pipelineCosts() {
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
    const [bareMs, pipelineMs] = [await median(bare), await median(attempt)];
    return { bareMs, pipelineMs, overheadMs: pipelineMs - bareMs };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return times.toSorted((a, b) => a - b)[RUNS / 2] ?? Number.NaN;
}
