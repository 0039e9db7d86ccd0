import { raw } from '../../functions/middleware/raw.ts';
import { githubWebhooks } from '../../shared/providers/github/webhooks.ts';
import { findWebhooks } from '../../shared/providers/senders.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { openReceiver } from '../../shared/webhooks/receive.ts';
import { httpEvent, lambdaContext } from '../support/http-event.ts';
import { sign } from '../support/samples.ts';

const SECRET = 'example-github-webhook-secret';

/** Returns the hub's own CPU time of one warm acknowledgement of `bytes`, in ms, for each of `runs`: everything but AWS. */
export async function receiveCpuMs({ bytes = 64_000, runs = 2_000 } = {}): Promise<number[]> {
  const receive = openReceiver({
    findWebhooks,
    readApp: async () => ({ webhookSecrets: [SECRET] }),
    readEndpoint: async () => undefined,
    queue: { send: async () => undefined },
    objects: { put: async () => undefined },
    captured: { seal: () => Promise.reject(new Error('no secret is brought')) },
  });
  const handler = raw(webhooksContract.receive, ({ path, target: _, moment, ...request }) =>
    receive({ ...path, ...request }, moment),
  );
  const event = githubEvent(bytes);
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const before = process.cpuUsage();
    const answer = await handler(event, lambdaContext());
    const { user, system } = process.cpuUsage(before);
    if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`);
    times.push((user + system) / 1000);
  }
  return times;
}

/** As GitHub's bodies are: many small fields, and text that is not ASCII. */
function githubEvent(bytes: number) {
  const commits: unknown[] = [];
  const body = { ref: 'refs/heads/main', repository: { owner: { id: 6811672 } }, commits };
  while (Buffer.byteLength(JSON.stringify(body)) < bytes - 200) {
    commits.push({
      id: '0'.repeat(40),
      message: 'Größe geändert 📏',
      author: { name: 'octocat', email: 'o@example.com' },
      added: [],
      distinct: true,
    });
  }
  const text = JSON.stringify(body);
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': '1',
    ...sign(githubWebhooks, SECRET, text),
  };
  return httpEvent('POST', '/webhooks/{provider}', { path: { provider: 'github' }, headers, body: text });
}
